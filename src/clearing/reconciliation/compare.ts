// The comparison of one transaction: what the hub expects of it, what the platform's statement
// says, and what the difference is called.

import type { BreakCategory } from './types.ts';

/** What the hub expects; undefined when it has no such transaction at this platform. */
export interface Expected {
  /** Null while it is under way. */
  readonly effect: bigint | null;
  readonly recent: boolean;
}

/** What the statement's lines of it come to; undefined when it has none. */
export interface Stated {
  readonly effect: bigint;
  /** The same operation is listed more than once. */
  readonly repeated: boolean;
}

export type Verdict = 'agrees' | 'under_way' | BreakCategory;

/**
 * The statement is read before the hub's side, and a saga is committed before the platform is
 * called: so a line without a saga is never a matter of time, while an expectation that changed
 * about when the statement was read may be.
 */
export function compareEffects(
  expected: Expected | undefined,
  stated: Stated | undefined,
): Verdict {
  if (stated?.repeated === true) return 'duplicate';
  const theirs = stated?.effect ?? 0n;
  // What was undone there, or never moved anything, is in nobody's way.
  if (expected === undefined) return theirs === 0n ? 'agrees' : 'unknown_reference';
  const ours = expected.effect;
  if (ours === null) return theirs === 0n ? 'under_way' : 'late';
  if (ours === theirs) return 'agrees';
  if (expected.recent) return 'late';
  if (ours === 0n) return 'missing_here';
  return theirs === 0n ? 'missing_there' : 'amount';
}
