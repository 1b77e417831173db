// GET /health/live: answers while the process runs, for load balancers.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';

export const live = defineRoute({
  operationId: 'live',
  method: 'GET',
  url: '/health/live',
  tag: 'health',
  summary: 'Check that the process runs',
  answer: Type.Object({ status: Type.String() }),
  problems: [],
  serve: () => () => ok({ status: 'live' }),
});
