// Which differences the books of the hub can put right, and how much is given back: pure. Only what
// a transfer should have brought to a connected platform, and did not: that platform was paid for
// it. Everything else stands in the platform's own books, which it corrects itself.

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { reconciliationProblems } from './problems.ts';
import type { Break, BreakCategory } from './types.ts';

/** What the transaction of a break moved. */
export interface MovedPoints {
  /** In minor units of the source's points. */
  readonly amount: bigint;
  /** In minor units of the platform's points; undefined where the platform is not the target. */
  readonly credited: bigint | undefined;
}

export interface AdjustmentTerms {
  /** What is given back, in minor units of the source's points. */
  readonly amount: bigint;
  /** What the platform has not credited, in minor units of its points. */
  readonly missing: bigint;
}

const NOT_HERE: Readonly<Partial<Record<BreakCategory, string>>> = {
  late: 'A call is under way: wait for the next run, or retry or undo the transfer.',
  duplicate: 'The platform takes the second one back in its own books, then recheck.',
  unknown_reference: 'The books of this network have nothing of it: the platform corrects its own.',
  missing_here:
    'It did not happen here: the platform undoes it (reverse can be repeated), then recheck.',
  total: 'A total belongs to no transaction: find the cause, then accept it.',
};
const SOURCE_SIDE =
  'The platform was to take these points from its own member, and the books here' +
  ' hold it to that: it corrects its own books, then recheck.';
const TOO_MUCH =
  'The platform credited more than it was paid for, or took points instead:' +
  ' it corrects its own books, then recheck.';
const TOO_LITTLE = 'It is less than the smallest amount of the points of the source: accept it.';

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
  // Parts laid end to end come to the whole, and none of them to more than its share.
  const amount =
    (whole * (credited - found)) / credited - (whole * (credited - expected)) / credited;
  if (amount === 0n) return refuse(reconciliationProblems.break_not_adjustable(TOO_LITTLE));
  return ok({ amount, missing: expected - found });
}
