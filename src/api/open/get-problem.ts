// GET /problems/{code}: a page about one problem; `type` of a problem links to it.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { refuse } from '../../kernel/problem.ts';
import { defineRoute, sent } from '../define-route.ts';
import { pageResponse, sendProblem } from '../docs/problem-page.ts';
import { problemCatalogue } from '../problem-catalogue.ts';
import { closed } from '../../views/schemas.ts';

export const getProblem = defineRoute({
  operationId: 'getProblem',
  method: 'GET',
  url: '/problems/:code',
  tag: 'platform',
  summary: 'One problem',
  params: closed({
    code: Type.String({ maxLength: 64, description: '`code` of a problem.' }),
  }),
  responses: pageResponse,
  problems: ['not_found'],
  serve: () => {
    const entries = new Map(problemCatalogue.map((entry) => [entry.code, entry]));
    return ({ params, reply }) => {
      const entry = entries.get(params.code);
      return entry === undefined
        ? refuse(apiProblems.not_found())
        : sent(sendProblem(reply, entry));
    };
  },
});
