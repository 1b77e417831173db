// GET /health for people and monitors, /health/live and /health/ready for load balancers.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { FailedTokens } from '../http/failed-tokens.ts';
import { findReader } from '../http/find-reader.ts';
import { refuseBearer } from '../http/require-operator.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { worst, type Check, type HealthChecks } from '../health/checks.ts';

const Status = Type.String({ enum: ['healthy', 'degraded', 'unhealthy'] });
const CheckView = Type.Object({
  status: Status,
  message: Type.String(),
  detail: Type.Optional(Type.String({ description: 'Told to operators and monitors only.' })),
});

const Health = Type.Object({
  status: Status,
  checks: Type.Object({
    database: CheckView,
    clearing_center: CheckView,
    api_gateway: CheckView,
    platform_connections: Type.Unsafe<Record<string, Static<typeof CheckView>>>({
      type: 'object',
      additionalProperties: CheckView,
    }),
  }),
});
const Simple = Type.Object({ status: Type.String() });

export function getHealth(
  server: FastifyInstance,
  checks: HealthChecks,
  { identity }: ApiParts,
  failedTokens: FailedTokens,
): void {
  server.get(
    '/health',
    {
      schema: {
        operationId: 'health',
        tags: ['health'],
        summary: 'Health of all parts',
        description:
          '503 when a part of the network is unhealthy. A connected platform that does not ' +
          'answer is unhealthy by itself and makes the network degraded. Reasons are told to ' +
          'operators and monitors: send a token as for /metrics.',
        response: { 200: Health, 503: Health, ...problemResponses },
      },
    },
    async (request, reply) => {
      const reader =
        request.headers.authorization === undefined
          ? undefined
          : await findReader(request, identity);
      if (reader?.ok === false) return refuseBearer(request, reply, reader.problem, failedTokens);
      const tell = ({ status, message, open, detail }: Check): Static<typeof CheckView> =>
        reader === undefined
          ? { status, message: open ?? message }
          : { status, message, ...(detail === undefined ? {} : { detail }) };
      const parts = {
        database: await checks.database(),
        clearing_center: await checks.clearingCenter(),
        api_gateway: checks.apiGateway(),
      };
      const connections = checks.platformConnections();
      const status = worst([
        ...Object.values(parts),
        ...Object.values(connections).map(asPartOfMany),
      ]);
      const told = {
        database: tell(parts.database),
        clearing_center: tell(parts.clearing_center),
        api_gateway: tell(parts.api_gateway),
      };
      const toldOfPlatforms = Object.fromEntries(
        Object.entries(connections).map(([platformId, check]) => [platformId, tell(check)]),
      );
      return reply
        .code(status === 'unhealthy' ? 503 : 200)
        .send({ status, checks: { ...told, platform_connections: toldOfPlatforms } });
    },
  );

  server.get(
    '/health/live',
    {
      schema: {
        operationId: 'live',
        tags: ['health'],
        summary: 'The process runs',
        response: { 200: Simple, ...problemResponses },
      },
    },
    () => Promise.resolve({ status: 'live' }),
  );

  server.get(
    '/health/ready',
    {
      schema: {
        operationId: 'ready',
        tags: ['health'],
        summary: 'Requests are welcome here',
        description: '503 while the process drains or the database is out of reach.',
        response: { 200: Simple, 503: Simple, ...problemResponses },
      },
    },
    async (_request, reply) => {
      if (checks.isDraining()) return reply.code(503).send({ status: 'draining' });
      const database = await checks.database();
      return database.status === 'healthy'
        ? { status: 'ready' }
        : reply.code(503).send({ status: 'database_unavailable' });
    },
  );
}

/** One platform out of reach leaves the others served. */
function asPartOfMany(check: Check): Check {
  return check.status === 'unhealthy' ? { ...check, status: 'degraded' } : check;
}
