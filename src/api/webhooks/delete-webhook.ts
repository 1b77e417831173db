// DELETE /api/webhooks/{webhook_id}: nothing is sent there any more, and its deliveries are
// forgotten.

import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { problemResponses, Success } from '../schemas.ts';
import { WebhookParams } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

export const deleteWebhook: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, ownerOf },
) => {
  server.delete<{ Params: Static<typeof WebhookParams> }>(
    `${prefix}/webhooks/:webhook_id`,
    {
      schema: {
        operationId: `delete${adjective}Webhook`,
        tags: [tag],
        summary: 'Delete a webhook',
        description: 'With all that waits to be sent to it. The events stay at GET /api/events.',
        params: WebhookParams,
        response: { 200: Type.Object({ success: Success }), ...problemResponses },
      },
    },
    async (request, reply) => {
      const removed = await webhooks.remove({ owner: ownerOf(request) }, request.params.webhook_id);
      return removed.ok
        ? { success: true as const }
        : answerProblem(request, reply, removed.problem);
    },
  );
};
