// What happens to transfers besides being posted: sagas over platforms that keep their points
// themselves, the operators' word on transfers that a rule has set aside, the comparison of both
// sides' books, and what platforms are told. Moves points only by commands of the ledger; never
// touches its rows. The only file of this module that others import.

export { createAlongside } from './saga/begin-sagas.ts';
export { sagaProblems } from './saga/problems.ts';
export { createSagas, type Sagas } from './saga/create-sagas.ts';
export type {
  Saga,
  SagaAction,
  SagaActionName,
  TransferStanding,
  TransferStatus,
} from './saga/types.ts';
export { migrateQueue, type SagaWorkers } from './saga/worker.ts';
export { createNotices, type Notices } from './notices/create-notices.ts';
export { createReserve, type Reserve, type ReserveParts } from './reserve/create-reserve.ts';
export { usedPercent, WHOLE } from './reserve/cap.ts';
export { reserveProblems } from './reserve/problems.ts';
export {
  REQUEST_KINDS,
  REQUEST_STATES,
  type ModeChange,
  type NewRequest,
  type RequestDecision,
  type RequestKind,
  type RequestState,
  type ReserveFigures,
  type ReserveRequest,
  type Wanted,
} from './reserve/types.ts';
export type { ReserveRequests } from './reserve/requests.ts';
export { DEFAULT_WATCH, type WatchOptions } from './reserve/watch.ts';
export {
  createDisputes,
  type Answer as DisputeAnswer,
  type Disputes,
} from './disputes/create-disputes.ts';
export { disputeProblems } from './disputes/problems.ts';
export { REASON_CODES, REASONS, type ReasonCode } from './disputes/reasons.ts';
export { DISPUTE_STATES, type DisputeState } from './disputes/states.ts';
export {
  EVIDENCE_MEDIA,
  MAX_EVIDENCE_BYTES,
  type Dispute,
  type Evidence,
  type EvidenceFile,
  type Frozen,
  type Resolution,
  type Side,
  type Step,
  type Who,
} from './disputes/types.ts';
export { createRecalls, type RecallAnswer, type Recalls } from './recalls/create-recalls.ts';
export { recallProblems } from './recalls/problems.ts';
export { RECALL_STATES, type RecallState } from './recalls/states.ts';
export type { Recall, RecallStep } from './recalls/types.ts';
export {
  decideReview,
  listReviews,
  type ReviewParts,
  type ReviewWord,
  type WaitingReview,
} from './reviews/reviews.ts';
export {
  createReconciliation,
  type Reconciliation,
  type ReconciliationParts,
  type RunRequest,
} from './reconciliation/create-reconciliation.ts';
export { reconciliationProblems } from './reconciliation/problems.ts';
export { createReconciliationMetrics } from './reconciliation/metrics.ts';
export type { BreakStory } from './reconciliation/break-actions.ts';
export {
  ageBucketOf,
  AGE_BUCKETS,
  BREAK_CATEGORIES,
  BREAK_STATES,
  RUN_MODES,
  type Break,
  type BreakAction,
  type BreakCategory,
  type BreakState,
  type OpenCount,
  type Run,
  type RunMode,
} from './reconciliation/types.ts';
export { createSettlement, type Settlement } from './settlement/create-settlement.ts';
export type { SettlementParts } from './settlement/parts.ts';
export { settlementProblems } from './settlement/problems.ts';
export { WINDOW_STATES, type ObligationState, type WindowState } from './settlement/states.ts';
export {
  ACT_KINDS,
  NETWORK,
  type ActKind,
  type Obligation,
  type Pair,
  type PairKind,
  type Participant,
  type PartPayment,
  type Payment,
  type Schedule,
  type SettlementAct,
  type SettlementSettings,
  type SettlementWindow,
} from './settlement/types.ts';
export type { Statement, StatementObligation, StatementSource } from './settlement/statement.ts';
export { readSchedule } from './settlement/schedule.ts';
export {
  CURSOR as TRANSACTION_CURSOR,
  type StatementTransaction,
  type TransactionPage,
} from './settlement/list-transactions.ts';
export {
  adjustBreakIn,
  planBreakAdjustment,
  type BreakAdjustment,
  type BreakToAdjust,
} from './reconciliation/adjust-break.ts';
export { disputeBreak, type BreakToDispute } from './reconciliation/dispute-break.ts';
