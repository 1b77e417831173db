// /operator/connections: where connected platforms answer. The tokens that they issued are taken
// and never given.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { ConnectionView, describeConnection } from '../../views/connection.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, text } from '../schemas.ts';
import { answerAsked, askedResponse } from './requests.ts';

const Params = closed({ platform_id: PlatformIdText });
const Body = closed({
  url: text(
    2_048,
    'Base URL of the platform, http or https, without query; the connector API lies under it ' +
      'at /api/internal/.',
  ),
  token: text(
    4_096,
    'Bearer token that the platform issued to the network. Kept sealed, and never given.',
  ),
  reason: Type.Optional(text(200, 'Why; kept with the request.')),
});
const Removal = closed({ reason: Type.Optional(text(200, 'Why; kept with the request.')) });

export function connections(server: FastifyInstance, parts: ApiParts): void {
  const { connections: registry, identity } = parts;
  server.get(
    '/operator/connections',
    {
      schema: {
        operationId: 'listConnections',
        tags: ['operator'],
        summary: 'Where connected platforms answer',
        querystring: closed({}),
        response: {
          200: Type.Object({ connections: Type.Array(ConnectionView) }),
          ...problemResponses,
        },
      },
    },
    (_request, reply) => {
      const connected = identity.listPlatforms().filter(({ custody }) => custody === 'connected');
      reply.send({
        connections: connected.map((platform) =>
          describeConnection(platform, registry.find(platform.platformId)),
        ),
      });
    },
  );

  server.put<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/operator/connections/:platform_id',
    {
      schema: {
        operationId: 'setConnection',
        tags: ['operator'],
        summary: 'Say where a connected platform answers',
        description:
          'Replaces what was registered, also for transfers that are under way: their next ' +
          'call goes to the new address. Once approved it is in force where it was approved, ' +
          'and in other processes within about a second.',
        params: Params,
        body: Body,
        response: { ...askedResponse, ...problemResponses },
      },
    },
    (request, reply) => {
      const { url, token, reason = '' } = request.body;
      return answerAsked(request, reply, parts, {
        act: 'connection_set',
        arguments: { platform_id: request.params.platform_id, url, token },
        reason,
      });
    },
  );

  server.delete<{ Params: Static<typeof Params>; Querystring: Static<typeof Removal> }>(
    '/operator/connections/:platform_id',
    {
      schema: {
        operationId: 'removeConnection',
        tags: ['operator'],
        summary: 'Remove a connection',
        description:
          'The platform is not called any more; transfers that are under way wait until it ' +
          'has a connection again.',
        params: Params,
        querystring: Removal,
        response: { ...askedResponse, ...problemResponses },
      },
    },
    (request, reply) =>
      answerAsked(request, reply, parts, {
        act: 'connection_remove',
        arguments: { platform_id: request.params.platform_id },
        reason: request.query.reason ?? '',
      }),
  );
}
