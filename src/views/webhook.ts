// Webhooks and deliveries as the API shows them.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../kernel/time.ts';
import { DELIVERY_STATES, type Delivery, type Webhook } from '../events/events.ts';

const Moment = Type.String({ description: 'RFC 3339.' });
const Maybe = Type.Union([Moment, Type.Null()]);

/** A webhook without its secret. */
export const WebhookView = Type.Object({
  webhook_id: Type.String(),
  platform_id: Type.Union([Type.String(), Type.Null()], {
    description: 'The platform that owns it; null for a webhook of the operators.',
  }),
  url: Type.String(),
  types: Type.Union([Type.Array(Type.String()), Type.Null()]),
  ordered: Type.Boolean(),
  description: Type.String(),
  state: Type.String({
    description: '`active`, or `disabled`: events are then kept as dead letters.',
  }),
  disabled_reason: Type.Union([Type.String(), Type.Null()], {
    description:
      '`owner`: you did it; `gone`: it answered 410; `failing`: nothing could be delivered ' +
      'for five days.',
  }),
  failing_since: Type.Union([Moment, Type.Null()], {
    description: 'The first failure after the last success; null while it works.',
  }),
  last_success_at: Maybe,
  pending: Type.Integer({ description: 'Deliveries that wait to be sent, or sent again.' }),
  dead: Type.Integer({ description: 'Deliveries that were given up; kept for 30 days.' }),
  created_at: Moment,
});

/** A webhook with its secret, as its creation and the change of its secret answer it. */
export const WebhookWithSecret = Type.Object({
  ...WebhookView.properties,
  secret: Type.String({
    description: 'Key of the signatures, `whsec_` and base64. Shown only in this answer.',
  }),
});

/** Shows a webhook without its secret. */
export function describeWebhook(webhook: Webhook): Static<typeof WebhookView> {
  return {
    webhook_id: webhook.webhookId,
    platform_id: webhook.platformId,
    url: webhook.url,
    types: webhook.types === null ? null : [...webhook.types],
    ordered: webhook.ordered,
    description: webhook.description,
    state: webhook.state,
    disabled_reason: webhook.disabledReason,
    failing_since: formatMoment(webhook.failingSince),
    last_success_at: formatMoment(webhook.lastSuccessAt),
    pending: webhook.pending,
    dead: webhook.dead,
    created_at: formatMoment(webhook.createdAt),
  };
}

/** The state of a delivery. */
export const DeliveryStateText = Type.Union(
  DELIVERY_STATES.map((state) => Type.Literal(state)),
  { description: '`pending`: waits to be sent, or sent again. `dead`: given up.' },
);

/** The delivery of one event to one webhook. */
export const DeliveryView = Type.Object({
  event_id: Type.Integer({
    description: "As in GET /api/events; the message's webhook-id is `evt_` and this.",
  }),
  state: Type.String({ description: 'pending, delivered or dead.' }),
  attempts: Type.Integer({
    description: 'Since it was created, or since its last redelivery was requested.',
  }),
  next_attempt_at: Type.Union([Moment, Type.Null()], { description: 'Null when there is none.' }),
  last_status: Type.Union([Type.Integer(), Type.Null()], {
    description: 'HTTP status of the last answer; null when none came.',
  }),
  last_error: Type.Union([Type.String(), Type.Null()]),
  last_attempt_at: Maybe,
  created_at: Moment,
});

function describeDelivery({
  eventId,
  state,
  attempts,
  dueAt,
  lastStatus,
  lastError,
  lastAttemptAt,
  createdAt,
}: Delivery): Static<typeof DeliveryView> {
  return {
    event_id: Number(eventId),
    state,
    attempts,
    next_attempt_at: state === 'pending' ? formatMoment(dueAt) : null,
    last_status: lastStatus,
    last_error: lastError,
    last_attempt_at: formatMoment(lastAttemptAt),
    created_at: formatMoment(createdAt),
  };
}

/** A page of deliveries. */
export const DeliveriesView = Type.Object({
  deliveries: Type.Array(DeliveryView),
  next_cursor: Type.Union([Type.String(), Type.Null()], {
    description: 'The `before` of the next page, with older ones; null at the end.',
  }),
});

/** Shows a page of at most `limit` deliveries. */
export function describeDeliveries(
  deliveries: readonly Delivery[],
  limit: number,
): Static<typeof DeliveriesView> {
  return {
    deliveries: deliveries.map(describeDelivery),
    next_cursor: deliveries.length === limit ? String(deliveries.at(-1)?.eventId) : null,
  };
}
