// GET /api/webhooks/{webhook_id}: one endpoint, and how it fares.

import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { problemResponses } from '../schemas.ts';
import { describeWebhook, WebhookParams, WebhookView } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

export const getWebhook: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, scopeOf },
) => {
  server.get<{ Params: Static<typeof WebhookParams> }>(
    `${prefix}/webhooks/:webhook_id`,
    {
      schema: {
        operationId: `get${adjective}Webhook`,
        tags: [tag],
        summary: 'One webhook',
        params: WebhookParams,
        response: { 200: WebhookView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await webhooks.find(scopeOf(request), request.params.webhook_id);
      return found.ok ? describeWebhook(found.value) : answerProblem(request, reply, found.problem);
    },
  );
};
