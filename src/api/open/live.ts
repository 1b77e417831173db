// GET /health/live, for load balancers: whether the process runs.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';

export const live = defineRoute({
  operationId: 'live',
  method: 'GET',
  url: '/health/live',
  tag: 'health',
  summary: 'The process runs',
  answer: Type.Object({ status: Type.String() }),
  problems: [],
  serve: () => () => ok({ status: 'live' }),
});
