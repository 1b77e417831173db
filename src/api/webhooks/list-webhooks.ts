// GET /api/webhooks: all endpoints of the caller, and how they fare.

import { Type } from 'typebox';
import { closed, problemResponses } from '../schemas.ts';
import { describeWebhook, WebhookView } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

export const getWebhooks: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, scopeOf },
) => {
  server.get(
    `${prefix}/webhooks`,
    {
      schema: {
        operationId: `list${adjective}Webhooks`,
        tags: [tag],
        summary: 'Where events are sent to',
        description: 'Oldest first.',
        querystring: closed({}),
        response: { 200: Type.Object({ webhooks: Type.Array(WebhookView) }), ...problemResponses },
      },
    },
    async (request, _reply) => ({
      webhooks: (await webhooks.list(scopeOf(request))).map(describeWebhook),
    }),
  );
};
