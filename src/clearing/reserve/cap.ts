// The arithmetic of reserves: the amount of a cap, how much of it is in use, and which thresholds
// its use has reached. Pure.

import { MAX_AMOUNT_MINOR, smaller } from '../../kernel/amount.ts';
import type { PlatformMoney } from '../../ledger/ledger.ts';

/** 100 %. */
export const WHOLE = 10_000;
const WHOLE_BIG = BigInt(WHOLE);

/** A share of the prefund, rounded down; at most the largest possible amount. */
export function capOf(prefund: bigint, basisPoints: number): bigint {
  return smaller((prefund * BigInt(basisPoints)) / WHOLE_BIG, MAX_AMOUNT_MINOR);
}

/**
 * How much of the cap is in use: what the platform owes now, and what it will owe once transfers
 * under way are posted.
 */
export function usedOf({
  position,
  pendingDebits,
}: Pick<PlatformMoney, 'position' | 'pendingDebits'>): bigint {
  return pendingDebits - position;
}

/** The part of a cap that the prefund covers; for the rest the network trusts the platform. */
export function coveredOf({
  cap,
  prefund,
}: Pick<PlatformMoney, 'cap' | 'prefund'>): bigint | undefined {
  return cap === undefined ? undefined : smaller(cap, prefund);
}

/** The terms of a cap; undefined and null for a platform without one. */
export interface CapTerms {
  readonly cap: bigint | undefined;
  /** Null for a fixed cap, or for no cap. */
  readonly basisPoints: number | null;
}

/**
 * Whether another cap certainly lets a platform owe no more than now: a fixed cap that is not
 * higher, or a share of the prefund that is not larger. A change between the two kinds is not
 * narrower, because a share grows with the prefund and a fixed cap stays when it falls; neither is
 * the first cap of a platform.
 */
export function isNarrowerCap(
  wanted: { readonly amount: bigint } | { readonly basisPoints: number },
  { cap, basisPoints }: CapTerms,
): boolean {
  if ('basisPoints' in wanted) return basisPoints !== null && wanted.basisPoints <= basisPoints;
  return basisPoints === null && cap !== undefined && wanted.amount <= cap;
}

/** True when that share of the cap is in use; of a cap of zero, any use is all of it. */
function isReached(percent: number, used: bigint, cap: bigint): boolean {
  return used > 0n && used * 100n >= cap * BigInt(percent);
}

/**
 * The thresholds reached now, ascending, and those among them that were not reached before: only
 * these are reported.
 */
export function judgeThresholds(
  thresholds: readonly number[],
  before: readonly number[],
  used: bigint,
  cap: bigint | undefined,
): { readonly reached: readonly number[]; readonly crossed: readonly number[] } {
  const reached =
    cap === undefined
      ? []
      : thresholds.filter((percent) => isReached(percent, used, cap)).toSorted((a, b) => a - b);
  return { reached, crossed: reached.filter((percent) => !before.includes(percent)) };
}

/** Use in percent of the cap with two decimals, rounded down, for people; null without a cap. */
export function usedPercent(used: bigint, cap: bigint | undefined): number | null {
  if (cap === undefined || cap === 0n) return null;
  return used <= 0n ? 0 : Number((used * WHOLE_BIG) / cap) / 100;
}
