// What happens to transfers besides being posted: the operators' word on those that a rule has set aside, and what is said to the connectors
// of platforms that keep their points themselves. Never touches the ledger's rows. No transfer runs over a connector yet.
// The only file of this module that others import.

export { createConnectionHealth, type ConnectionHealth, type ConnectionState } from './connection-health.ts';
export { createConnections, requireConnected, type Connection, type Connections, type ConnectionsParts, type ConnectionToSet } from './connections.ts';
export type { ConnectorClient } from './connector/connector-client.ts';
export { testConnector, type CheckResult, type ConformanceReport } from './connector/conformance.ts';
export { connectionProblems } from './connector/problems.ts';
export { CONNECTOR_SCALE, type ConnectorOutcome, type ConnectorTarget } from './connector/types.ts';
export { createDisputes, type Answer as DisputeAnswer, type Disputes } from './disputes/disputes.ts';
export { disputeProblems } from './disputes/problems.ts';
export { REASON_CODES, REASONS, type ReasonCode } from './disputes/reasons.ts';
export { DISPUTE_STATES, type DisputeState } from './disputes/states.ts';
export {
  EVIDENCE_MEDIA, MAX_EVIDENCE_BYTES, type Dispute, type Evidence, type EvidenceFile, type Frozen, type Resolution, type Side, type Step, type Who,
} from './disputes/types.ts';
export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
