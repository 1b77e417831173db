// GET /operator/requests: acts that wait for a second operator.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { ACT_REQUEST_STATES, ActRequestView, describeActRequest } from '../../views/act-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(Type.Enum([...ACT_REQUEST_STATES], { description: 'open when absent.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});

export const listRequests = defineRoute({
  operationId: 'listRequests',
  method: 'GET',
  url: '/operator/requests',
  tag: 'operator',
  summary: 'Acts that wait for a second operator',
  description: 'Newest first. `state` also selects requests that have ended.',
  query: Query,
  answer: Type.Object({ requests: Type.Array(ActRequestView) }),
  problems: [],
  serve:
    ({ acts }) =>
    async ({ query: { state = 'open', limit = DEFAULT_LIMIT } }) =>
      ok({ requests: (await acts.list(state, limit)).map(describeActRequest) }),
});
