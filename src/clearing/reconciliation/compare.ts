// Compares one transaction: what the network expects, what the platform's statement says, and the
// category of the difference.

import type { BreakCategory } from './types.ts';

/** The network's expectation; undefined when it has no such transaction at this platform. */
export interface Expected {
  /** Null while it is under way. */
  readonly effect: bigint | null;
  readonly recent: boolean;
}

/** The sum of the statement's lines for it; undefined when there are none. */
export interface Stated {
  readonly effect: bigint;
  /** The same operation is listed more than once. */
  readonly repeated: boolean;
}

export type Verdict = 'agrees' | 'under_way' | BreakCategory;

/**
 * The statement is read before the network's side, and a saga is committed before the platform is
 * called. So a line without a saga is never a matter of timing, but an expectation that changed
 * about when the statement was read may be.
 */
export function compareEffects(
  expected: Expected | undefined,
  stated: Stated | undefined,
): Verdict {
  if (stated?.repeated === true) return 'duplicate';
  const theirs = stated?.effect ?? 0n;
  // A line that was undone there, or never moved anything, is harmless.
  if (expected === undefined) return theirs === 0n ? 'agrees' : 'unknown_reference';
  const ours = expected.effect;
  if (ours === null) return theirs === 0n ? 'under_way' : 'late';
  if (ours === theirs) return 'agrees';
  if (expected.recent) return 'late';
  if (ours === 0n) return 'missing_here';
  return theirs === 0n ? 'missing_there' : 'amount';
}
