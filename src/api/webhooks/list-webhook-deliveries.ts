// GET …/webhooks/{webhook_id}/deliveries, on both sides: the events sent to a webhook, and their
// results.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { DeliveriesView, DeliveryStateText, describeDeliveries } from '../../views/webhook.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

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
/** Makes the route for one side. */
export const listWebhookDeliveriesOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  scopeOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `list${adjective}WebhookDeliveries`,
    method: 'GET',
    url: `${prefix}/webhooks/:webhook_id/deliveries`,
    tag,
    summary: 'Deliveries of a webhook',
    description: 'Newest event first. Delivered events are kept for 7 days, dead letters for 30.',
    params: WebhookParams,
    query: Query,
    answer: DeliveriesView,
    problems: ['webhook_not_found'],
    serve:
      ({ webhooks }) =>
      async ({ params, query, request }) => {
        const { state, before, limit = DEFAULT_LIMIT } = query;
        const listed = await webhooks.listDeliveries(scopeOf(request), params.webhook_id, {
          state,
          before: before === undefined ? undefined : BigInt(before),
          limit,
        });
        if (!listed.ok) return listed;
        return ok(describeDeliveries(listed.value, limit));
      },
  });
