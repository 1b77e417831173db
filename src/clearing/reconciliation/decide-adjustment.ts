// Decides which differences the network's books can correct, and how much is given back. Pure. Only
// points that a transfer should have brought to a connected platform and did not: the platform was
// paid for them. All other differences are in the platform's own books, which it corrects itself.

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { reconciliationProblems } from './problems.ts';
import type { Break, BreakCategory } from './types.ts';

/** The points that the transaction of a break moved. */
export interface MovedPoints {
  /** In minor units of the source's points. */
  readonly amount: bigint;
  /** In minor units of the platform's points; undefined where the platform is not the target. */
  readonly credited: bigint | undefined;
}

export interface AdjustmentTerms {
  /** The amount given back, in minor units of the source's points. */
  readonly amount: bigint;
  /** The amount that the platform has not credited, in minor units of its points. */
  readonly missing: bigint;
}

const NOT_HERE: Readonly<Partial<Record<BreakCategory, string>>> = {
  late: 'A call is under way: wait for the next run, or retry or undo the transfer.',
  duplicate: 'The platform has to take the second one back in its own books; then recheck.',
  unknown_reference:
    'The books of this network do not contain it: the platform has to correct its own.',
  missing_here:
    'It did not happen here: the platform has to undo it (reverse can be repeated); then recheck.',
  total: 'A total belongs to no transaction: find the cause, then accept it.',
};
const SOURCE_SIDE =
  'The platform should have taken these points from its own member, and the books here' +
  ' expect that: it has to correct its own books; then recheck.';
const TOO_MUCH =
  'The platform credited more than it was paid for, or took points instead:' +
  ' it has to correct its own books; then recheck.';
const TOO_LITTLE = "It is less than the smallest amount of the source's points: accept it.";

export function decideAdjustment(
  { state, category, ours, theirs }: Pick<Break, 'state' | 'category' | 'ours' | 'theirs'>,
  moved: MovedPoints | undefined,
): Result<AdjustmentTerms> {
  if (state !== 'open') return refuse(reconciliationProblems.break_closed(`It is ${state}.`));
  const elsewhere = NOT_HERE[category];
  if (elsewhere !== undefined)
    return refuse(reconciliationProblems.break_not_adjustable(elsewhere));
  if (moved?.credited === undefined)
    return refuse(reconciliationProblems.break_not_adjustable(SOURCE_SIDE));
  const { amount: whole, credited } = moved;
  const expected = ours ?? 0n;
  const found = theirs ?? 0n;
  if (found < 0n || found >= expected || expected > credited) {
    return refuse(reconciliationProblems.break_not_adjustable(TOO_MUCH));
  }
  // Parts laid end to end add up to the whole, and none gets more than its share.
  const amount =
    (whole * (credited - found)) / credited - (whole * (credited - expected)) / credited;
  if (amount === 0n) return refuse(reconciliationProblems.break_not_adjustable(TOO_LITTLE));
  return ok({ amount, missing: expected - found });
}
