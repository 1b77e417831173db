// What happens to transfers besides being posted: sagas over platforms that keep their points themselves, and the operators' word on transfers
// that a rule has set aside. Moves points only by commands of the ledger; never touches its rows.
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
export type { Saga, SagaAction, SagaActionName, TransferStanding, TransferStatus } from './saga/types.ts';
export { migrateQueue, type SagaWorkers } from './saga/worker.ts';
export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
