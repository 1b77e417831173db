// GET /metrics: the process in Prometheus' text format, for operators and monitors: it holds
// figures of platforms.

import type { FastifyInstance } from 'fastify';
import type { FailedTokens } from '../http/failed-tokens.ts';
import { findReader } from '../http/find-reader.ts';
import { refuseBearer } from '../http/require-operator.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';

export function getMetrics(
  server: FastifyInstance,
  { metrics, identity }: ApiParts,
  failedTokens: FailedTokens,
): void {
  server.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        tags: ['health'],
        summary: 'Prometheus metrics',
        description:
          'With an operator token or the scrape token (`pontis scrape-token`); without one at ' +
          'the metrics port, which `pontis start` prints.',
        produces: ['text/plain'],
        response: {
          200: {
            description: 'Text format.',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const reader = await findReader(request, identity);
      if (!reader.ok) return refuseBearer(request, reply, reader.problem, failedTokens);
      return reply.header('content-type', metrics.contentType).send(await metrics.render());
    },
  );
}
