// GET /operator/connections: where connected platforms answer. The tokens that they issued are taken
// and never given.

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
  summary: 'Where connected platforms answer',
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
