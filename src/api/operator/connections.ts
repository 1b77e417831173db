// /operator/connections: where connected platforms answer. The tokens that they issued are taken and never given.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { requireConnected, type Connection } from '../../clearing/clearing.ts';
import type { Platform } from '../../identity/identity.ts';
import { answerProblem } from '../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, Success, text } from '../schemas.ts';

const ConnectionView = Type.Object({
  platform_id: Type.String(),
  url: Type.Union([Type.String(), Type.Null()], { description: 'Base URL; null while no connection is registered and the platform cannot be called.' }),
  changed_by: Type.Optional(Type.String({ description: 'The operator, or `onboarding` or `sandbox`.' })),
  changed_at: Type.Optional(Type.String({ description: 'RFC 3339.' })),
});
const Params = closed({ platform_id: PlatformIdText });
const Body = closed({
  url: text(2_048, 'Base URL of the platform, http or https, without query; the connector API lies under it at /api/internal/.'),
  token: text(4_096, 'Bearer token that the platform issued to the network. Kept sealed, and never given.'),
});

export function connections(server: FastifyInstance, { connections: registry, identity }: ApiParts): void {
  server.get('/operator/connections', {
    schema: {
      operationId: 'listConnections', tags: ['operator'], summary: 'Where connected platforms answer',
      querystring: closed({}), response: { 200: Type.Object({ connections: Type.Array(ConnectionView) }), ...problemResponses },
    },
  }, (_request, reply) => {
    const connected = identity.listPlatforms().filter(({ custody }) => custody === 'connected');
    reply.send({ connections: connected.map((platform) => describe(platform, registry.find(platform.platformId))) });
  });

  server.put<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>('/operator/connections/:platform_id', {
    schema: {
      operationId: 'setConnection', tags: ['operator'], summary: 'Say where a connected platform answers',
      description: 'Replaces what was registered, also for transfers that are under way: their next call goes to the new address. In force here at once and in other processes within about a second.',
      params: Params, body: Body, response: { 200: ConnectionView, ...problemResponses },
    },
  }, async (request, reply) => {
    const { platform_id: platformId } = request.params;
    const platform = await requireConnected(identity, platformId);
    if (!platform.ok) return answerProblem(request, reply, platform.problem);
    const set = await registry.set({ platformId, ...request.body }, operatorOf(request).operatorId);
    return set.ok ? describe(platform.value, set.value) : answerProblem(request, reply, set.problem);
  });

  server.delete<{ Params: Static<typeof Params> }>('/operator/connections/:platform_id', {
    schema: {
      operationId: 'removeConnection', tags: ['operator'], summary: 'Remove a connection',
      description: 'The platform is not called any more; transfers that are under way wait until it has a connection again.',
      params: Params, response: { 200: Type.Object({ success: Success }), ...problemResponses },
    },
  }, async (request, reply) => {
    const removed = await registry.remove(request.params.platform_id, operatorOf(request).operatorId);
    return removed.ok ? { success: true as const } : answerProblem(request, reply, removed.problem);
  });
}

function describe({ platformId }: Platform, connection: Connection | undefined): Static<typeof ConnectionView> {
  if (connection === undefined) return { platform_id: platformId, url: null };
  return { platform_id: platformId, url: connection.url, changed_by: connection.changedBy, changed_at: new Date(connection.changedAtMs).toISOString() };
}
