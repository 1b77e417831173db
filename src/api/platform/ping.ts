// POST /api/ping: checks token and signature and posts nothing; for integrators to try their
// signing.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses, Success, UnixSeconds } from '../schemas.ts';

export function postPing(server: FastifyInstance, { clock }: ApiParts): void {
  server.post(
    '/api/ping',
    {
      schema: {
        operationId: 'ping',
        tags: ['platform'],
        summary: 'Check token and signature',
        description: 'Any JSON object is accepted as the body and ignored. Posts nothing.',
        body: Type.Object({}, { additionalProperties: true }),
        response: {
          200: Type.Object({
            success: Success,
            platform_id: Type.String(),
            timestamp: UnixSeconds,
          }),
          ...problemResponses,
        },
      },
    },
    (request, reply) => {
      reply.send({
        success: true,
        platform_id: callerOf(request).platform.platformId,
        timestamp: Math.floor(clock.now() / 1000),
      });
    },
  );
}
