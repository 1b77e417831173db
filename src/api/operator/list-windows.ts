// GET /operator/windows: the settlement windows, newest first.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeWindow, WindowHead, WindowStateText } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(WindowStateText),
  before: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      description: 'Only windows with a smaller number.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});

export const listWindows = defineRoute({
  operationId: 'listWindows',
  method: 'GET',
  url: '/operator/windows',
  tag: 'operator',
  summary: 'Settlement windows',
  description: 'Newest first. The first window is open.',
  query: Query,
  answer: Type.Object({ windows: Type.Array(WindowHead) }),
  problems: [],
  serve:
    ({ settlement }) =>
    async ({ query: { before = 2 ** 31 - 1, limit = DEFAULT_LIMIT, state } }) => {
      const windows = await settlement.list(before, limit, state);
      return ok({ windows: windows.map(describeWindow) });
    },
});
