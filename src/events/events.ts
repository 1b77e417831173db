// The events for platforms and operators: the feed, in order and without a gap, and the webhooks
// that send the same events. Knows no event's meaning. The only file of this module that others
// import.

export { appendEvents, readFeedHead, selectEvents, type NewEvent } from './feed.ts';
export { webhookProblems } from './webhooks/problems.ts';
export { DELIVERY_STATES, type Delivery, type Owner, type Webhook } from './webhooks/types.ts';
export { createWebhooks, type Deliverer, type Scope, type Webhooks } from './webhooks/webhooks.ts';
