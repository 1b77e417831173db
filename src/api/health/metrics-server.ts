// Serves the metrics of this process on a port of their own, which by default only this machine can
// reach.

import Fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../../runtime/metrics.ts';

/** Creates the server; call `listen` on it. It has one route, GET /metrics, without a token. */
export function createMetricsServer({ metrics }: { readonly metrics: Metrics }): FastifyInstance {
  const server = Fastify({ logger: false });
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.render()),
  );
  return server;
}
