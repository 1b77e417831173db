// Reconciliation: compares the network's record with each platform's own, transaction by transaction
// and in total, and keeps the list of differences. Never moves a point by itself, and never counts a
// missing answer as a difference. The only file of this room that others import.

export { adjustBreakIn, planBreakAdjustment } from './adjust-break.ts';
export type { BreakStory } from './break-actions.ts';
export { createReconciliation, type Reconciliation } from './create-reconciliation.ts';
export { disputeBreak } from './dispute-break.ts';
export { createReconciliationMetrics } from './metrics.ts';
export { reconciliationProblems } from './problems.ts';
export {
  AGE_BUCKETS,
  BREAK_CATEGORIES,
  BREAK_STATES,
  RUN_MODES,
  ageBucketOf,
  type Break,
  type OpenCount,
  type Run,
  type RunMode,
} from './types.ts';
