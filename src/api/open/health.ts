// GET /health: the health of each part of the network, for people and monitors.

import { type Static, Type } from 'typebox';
import { defineRoute, sent } from '../define-route.ts';
import { worst, type Check } from '../health/checks.ts';
import { findReader, READER_PROBLEMS } from '../http/find-reader.ts';
import { refuseBearer } from '../http/require-operator.ts';

const Status = Type.String({ enum: ['healthy', 'degraded', 'unhealthy'] });
const CheckView = Type.Object({
  status: Status,
  message: Type.String(),
  detail: Type.Optional(Type.String({ description: 'Only for operators and monitors.' })),
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

export const health = defineRoute({
  operationId: 'health',
  method: 'GET',
  url: '/health',
  tag: 'health',
  summary: 'Health of all parts',
  description:
    '503 if a part of the network is unhealthy. A connected platform that does not answer is ' +
    'itself unhealthy and makes the network degraded. Reasons are shown only to operators and ' +
    'monitors: send a token as for /metrics.',
  answer: Health,
  responses: { 503: Health },
  problems: READER_PROBLEMS,
  serve:
    ({ checks, identity, failedTokens }) =>
    async ({ request, reply }) => {
      const reader =
        request.headers.authorization === undefined
          ? undefined
          : await findReader(request, identity);
      if (reader?.ok === false)
        return sent(await refuseBearer(request, reply, reader.problem, failedTokens));
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
      return sent(
        reply
          .code(status === 'unhealthy' ? 503 : 200)
          .send({ status, checks: { ...told, platform_connections: toldOfPlatforms } }),
      );
    },
});

/** The network still serves the other platforms when one cannot be reached. */
function asPartOfMany(check: Check): Check {
  return check.status === 'unhealthy' ? { ...check, status: 'degraded' } : check;
}
