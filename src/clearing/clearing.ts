// What happens to transfers besides being posted: sagas over platforms that keep their points themselves, the operators' word on transfers that a
// rule has set aside, the comparison of both sides' books, and what platforms are told. Moves points only by commands of the ledger; never touches its rows.
// The only file of this module that others import.

export { createConnectionHealth, type ConnectionHealth, type ConnectionState } from './connection-health.ts';
export { createConnections, requireConnected, type Connection, type Connections, type ConnectionsParts, type ConnectionToSet } from './connections.ts';
export type { ConnectorClient } from './connector/connector-client.ts';
export { testConnector, type CheckResult, type ConformanceReport } from './connector/conformance.ts';
export { connectionProblems } from './connector/problems.ts';
export { CONNECTOR_SCALE, type ConnectorOutcome, type ConnectorTarget } from './connector/types.ts';
export { createAlongside } from './saga/begin-sagas.ts';
export { sagaProblems } from './saga/problems.ts';
export { createSagas, type Sagas } from './saga/saga.ts';
export type { Saga, SagaAction, SagaActionName, TransferStatus } from './saga/types.ts';
export { migrateQueue, type SagaWorkers } from './saga/worker.ts';
export { createNotices, type Notices } from './notices/notices.ts';
export { webhookProblems } from './webhooks/problems.ts';
export { DELIVERY_STATES, type Delivery, type DeliveryState, type Owner, type Webhook, type WebhookTerms } from './webhooks/types.ts';
export { createWebhooks, type Deliverer, type Scope, type WebhookChange, type Webhooks } from './webhooks/webhooks.ts';
export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
export { createReconciliation, type Reconciliation, type ReconciliationParts, type RunRequest } from './reconciliation/reconciliation.ts';
export { reconciliationProblems } from './reconciliation/problems.ts';
export { createReconciliationMetrics } from './reconciliation/metrics.ts';
export type { BreakStory } from './reconciliation/break-actions.ts';
export {
  ageBucketOf, AGE_BUCKETS, BREAK_CATEGORIES, BREAK_STATES, RUN_MODES, type Break, type BreakAction, type BreakCategory, type BreakState, type OpenCount, type Run, type RunMode,
} from './reconciliation/types.ts';
