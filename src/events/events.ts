// What platforms and operators are told: the feed, in order and without a gap, and the webhooks that
// send the same events. Knows no event's meaning. The only file of this module that others import.

export * from './feed.ts';
export { webhookProblems } from './webhooks/problems.ts';
export {
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  type Owner,
  type Webhook,
  type WebhookTerms,
} from './webhooks/types.ts';
export {
  createWebhooks,
  type Deliverer,
  type Scope,
  type WebhookChange,
  type Webhooks,
} from './webhooks/webhooks.ts';
