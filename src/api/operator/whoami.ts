// GET /operator/whoami: whom the token stands for; for people to try their token.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { operatorOf } from '../http/request-fields.ts';
import { closed, problemResponses } from '../schemas.ts';

const Answer = Type.Object({
  operator_id: Type.String(),
  state: Type.String({ enum: ['active'], description: 'A suspended operator is refused.' }),
});

export function getWhoami(server: FastifyInstance): void {
  server.get(
    '/operator/whoami',
    {
      schema: {
        operationId: 'whoami',
        tags: ['operator'],
        summary: 'Check an operator token',
        querystring: closed({}),
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request, reply) => {
      const { operatorId, state } = operatorOf(request);
      reply.send({ operator_id: operatorId, state });
    },
  );
}
