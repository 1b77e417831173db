// Recalls: the source of a final transfer asks for its points, and the target platform accepts or
// refuses; its silence refuses. Never takes a point without the target's consent. The only file of
// this room that others import.

export { createRecalls, type RecallAnswer, type Recalls } from './create-recalls.ts';
export { recallProblems } from './problems.ts';
export { reversalTakenBy } from './reversal.ts';
export { RECALL_STATES } from './states.ts';
export type { Recall, RecallStep } from './types.ts';
