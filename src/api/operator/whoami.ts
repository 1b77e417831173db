// GET /operator/whoami: the operator of a token, so that people can test their token.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Answer = Type.Object({
  operator_id: Type.String(),
  state: Type.String({ enum: ['active'], description: 'A suspended operator is refused.' }),
});

export const whoami = defineRoute({
  operationId: 'whoami',
  method: 'GET',
  url: '/operator/whoami',
  tag: 'operator',
  summary: 'Check an operator token',
  query: closed({}),
  answer: Answer,
  problems: [],
  serve:
    () =>
    ({ operator: { operatorId, state } }) =>
      ok({ operator_id: operatorId, state }),
});
