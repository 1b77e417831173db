// GET /api/webhooks/{webhook_id}/deliveries: what was sent there, and what became of it.

import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { closed, problemResponses } from '../schemas.ts';
import {
  DeliveriesView,
  DeliveryStateText,
  describeDeliveries,
  WebhookParams,
} from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

const DEFAULT_LIMIT = 100;

const Query = closed({
  state: Type.Optional(DeliveryStateText),
  before: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,18}$', description: 'next_cursor of an earlier answer.' }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
export const getDeliveries: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, scopeOf },
) => {
  server.get<{ Params: Static<typeof WebhookParams>; Querystring: Static<typeof Query> }>(
    `${prefix}/webhooks/:webhook_id/deliveries`,
    {
      schema: {
        operationId: `list${adjective}WebhookDeliveries`,
        tags: [tag],
        summary: 'What was sent to a webhook',
        description: 'Newest event first. Delivered ones are kept for 7 days, dead ones for 30.',
        params: WebhookParams,
        querystring: Query,
        response: { 200: DeliveriesView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { state, before, limit = DEFAULT_LIMIT } = request.query;
      const listed = await webhooks.listDeliveries(scopeOf(request), request.params.webhook_id, {
        state,
        before: before === undefined ? undefined : BigInt(before),
        limit,
      });
      if (!listed.ok) return answerProblem(request, reply, listed.problem);
      return describeDeliveries(listed.value, limit);
    },
  );
};
