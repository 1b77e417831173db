// What happens to transfers besides being posted: the operators' word on those that a rule has set aside, what is said to the connectors
// of platforms that keep their points themselves, and the comparison of both sides' books. Never touches the ledger's rows.
// The only file of this module that others import.

export { testConnector, type CheckResult, type ConformanceReport } from './connector/conformance.ts';
export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
export { createReconciliation, type Reconciliation, type ReconciliationParts, type RunRequest } from './reconciliation/reconciliation.ts';
export { reconciliationProblems } from './reconciliation/problems.ts';
export { createReconciliationMetrics } from './reconciliation/metrics.ts';
export type { BreakStory } from './reconciliation/break-actions.ts';
export {
  ageBucketOf, AGE_BUCKETS, BREAK_CATEGORIES, BREAK_STATES, RUN_MODES, type Break, type BreakAction, type BreakCategory, type BreakState, type OpenCount, type Run, type RunMode,
} from './reconciliation/types.ts';
