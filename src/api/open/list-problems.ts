// GET /problems: a page that lists all problems.

import { defineRoute, sent } from '../define-route.ts';
import { pageResponse, sendAllProblems } from '../docs/problem-page.ts';

export const listProblems = defineRoute({
  operationId: 'listProblems',
  method: 'GET',
  url: '/problems',
  tag: 'platform',
  summary: 'All problems',
  responses: pageResponse,
  problems: [],
  serve:
    () =>
    ({ reply }) =>
      sent(sendAllProblems(reply)),
});
