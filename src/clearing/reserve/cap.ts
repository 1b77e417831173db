// The arithmetic of reserves: what a cap comes to, how much of it is in use, and which thresholds
// its use has reached. Pure.

import { MAX_AMOUNT_MINOR, smaller } from '../../kernel/amount.ts';
import type { PlatformMoney } from '../../ledger/ledger.ts';

/** 100 %. */
export const WHOLE = 10_000;
const WHOLE_BIG = BigInt(WHOLE);

/** A share of the prefund, rounded down; never more than an amount may be. */
export function capOf(prefund: bigint, basisPoints: number): bigint {
  return smaller((prefund * BigInt(basisPoints)) / WHOLE_BIG, MAX_AMOUNT_MINOR);
}

/**
 * How much of the cap is in use: what the platform owes, with what it will owe once transfers under
 * way are posted.
 */
export function usedOf({
  position,
  pendingDebits,
}: Pick<PlatformMoney, 'position' | 'pendingDebits'>): bigint {
  return pendingDebits - position;
}

/** Which part of a cap the prefund covers: the rest is the network's trust in the platform. */
export function coveredOf({
  cap,
  prefund,
}: Pick<PlatformMoney, 'cap' | 'prefund'>): bigint | undefined {
  return cap === undefined ? undefined : smaller(cap, prefund);
}

/** What a cap follows from: undefined and null for a platform without one. */
export interface CapTerms {
  readonly cap: bigint | undefined;
  /** Null for a fixed cap, or none. */
  readonly basisPoints: number | null;
}

/**
 * Whether another cap lets a platform owe no more than now, whatever comes: a fixed one that is not
 * higher, or a share of the prefund that is not larger. From one kind to the other is none, for a
 * share grows with the prefund and a fixed cap stays when it falls; the first cap of a platform is
 * none, either.
 */
export function isNarrowerCap(
  wanted: { readonly amount: bigint } | { readonly basisPoints: number },
  { cap, basisPoints }: CapTerms,
): boolean {
  if ('basisPoints' in wanted) return basisPoints !== null && wanted.basisPoints <= basisPoints;
  return basisPoints === null && cap !== undefined && wanted.amount <= cap;
}

/** True when that share of the cap is in use; of a cap of nothing, any use is all of it. */
export function isReached(percent: number, used: bigint, cap: bigint): boolean {
  return used > 0n && used * 100n >= cap * BigInt(percent);
}

/**
 * Which thresholds are reached now, ascending, and which of them were not before: those are told.
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

/**
 * Use in percent of the cap with two decimals, rounded down, for people; null where there is none
 * to compare with.
 */
export function usedPercent(used: bigint, cap: bigint | undefined): number | null {
  if (cap === undefined || cap === 0n) return null;
  return used <= 0n ? 0 : Number((used * WHOLE_BIG) / cap) / 100;
}
