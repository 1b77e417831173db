// Disputes: one side contests a transaction, the other answers, and an operator decides. Freezes the
// disputed points as far as they are still there. Never moves points except through ledger
// commands. The only file of this room that others import.

export type { Adjusted } from './adjust-difference.ts';
export { createDisputes, type Disputes } from './create-disputes.ts';
export { creditedFor, findMoved, isKeptHere } from './moved.ts';
export { disputeProblems } from './problems.ts';
export { REASONS, REASON_CODES, type ReasonCode } from './reasons.ts';
export { DISPUTE_STATES } from './states.ts';
export { lockDisputed } from './store-claims.ts';
export {
  EVIDENCE_MEDIA,
  MAX_EVIDENCE_BYTES,
  type Dispute,
  type Evidence,
  type EvidenceFile,
  type Frozen,
  type Side,
  type Step,
} from './types.ts';
