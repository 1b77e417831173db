// GET /health/ready: answers 200 while this process accepts requests, for load balancers.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute, sent } from '../define-route.ts';

const Answer = Type.Object({ status: Type.String() });

export const ready = defineRoute({
  operationId: 'ready',
  method: 'GET',
  url: '/health/ready',
  tag: 'health',
  summary: 'Check that this process accepts requests',
  description: '503 while the process drains or the database cannot be reached.',
  answer: Answer,
  responses: { 503: Answer },
  problems: [],
  serve:
    ({ checks }) =>
    async ({ reply }) => {
      if (checks.isDraining()) return sent(reply.code(503).send({ status: 'draining' }));
      const database = await checks.database();
      return database.status === 'healthy'
        ? ok({ status: 'ready' })
        : sent(reply.code(503).send({ status: 'database_unavailable' }));
    },
});
