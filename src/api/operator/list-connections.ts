// GET /operator/connections: the addresses of connected platforms. Their tokens are stored and
// never shown.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { ConnectionView, describeConnection } from '../../views/connection.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

export const listConnections = defineRoute({
  operationId: 'listConnections',
  method: 'GET',
  url: '/operator/connections',
  tag: 'operator',
  summary: 'Connections of connected platforms',
  query: closed({}),
  answer: Type.Object({ connections: Type.Array(ConnectionView) }),
  problems: [],
  serve:
    ({ connections, identity }) =>
    () => {
      const connected = identity.listPlatforms().filter(({ custody }) => custody === 'connected');
      return ok({
        connections: connected.map((platform) =>
          describeConnection(platform, connections.find(platform.platformId)),
        ),
      });
    },
});
