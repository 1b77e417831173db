// GET /metrics: the process in Prometheus' text format.

import type { FastifyInstance } from 'fastify';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';

export function getMetrics(server: FastifyInstance, { metrics }: ApiParts): void {
  server.get('/metrics', {
    schema: { operationId: 'metrics', tags: ['health'], summary: 'Prometheus metrics', produces: ['text/plain'], response: { 200: { description: 'Text format.', content: { 'text/plain': { schema: { type: 'string' } } } }, ...problemResponses } },
  }, async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.render()));
}
