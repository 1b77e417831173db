// A server for the monitor alone: the metrics of this process, at an address that only this machine
// reaches unless somebody says otherwise.

import Fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../../runtime/metrics.ts';

export function createMetricsServer({ metrics }: { readonly metrics: Metrics }): FastifyInstance {
  const server = Fastify({ logger: false });
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.render()),
  );
  return server;
}
