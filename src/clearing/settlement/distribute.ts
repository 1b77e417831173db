// Decides how money that has come in for a window is paid out: to each claim its share of the
// whole, remainders to the largest claims first, exactly. Pure; the order of the claims changes
// nothing.

import { assert } from '../../kernel/assert.ts';
import { compareText } from './obligations.ts';
import type { ObligationKey } from './types.ts';

export interface Claim extends ObligationKey {
  /** The whole amount, and the part of it that has been paid. */
  readonly claim: bigint;
  readonly paid: bigint;
}

/**
 * The amount that a claim is paid now; zero where its share is less than one minor unit above what
 * it has.
 */
export type Share<One extends Claim = Claim> = One & { readonly amount: bigint };

/**
 * Divides the available money so that each claim's total is its share of the total of these claims.
 * A claim that already has more (because others were added or have grown) keeps it and takes no
 * part; the others divide the rest in the same way. So no share is negative, none is more than is
 * due, and all of them add up to the available money.
 */
export function decidePayouts<One extends Claim>(
  available: bigint,
  claims: readonly One[],
): Share<One>[] {
  assert(available >= 0n, 'money that is paid out has come in before');
  const sharing = claims.filter(({ claim, paid }) => claim > paid);
  const total = available + sumOf(sharing, ({ paid }) => paid);
  const whole = apportion(total, sharing, ({ claim }) => claim);
  const behind = sharing.filter((claim, index) => (whole[index] ?? 0n) >= claim.paid);
  if (behind.length < sharing.length) return decidePayouts(available, behind);
  return sharing.map((claim, index) => ({ ...claim, amount: (whole[index] ?? 0n) - claim.paid }));
}

/**
 * Parts of a total in proportion to weights, rounded down; the units left over go to the largest
 * weights, one each, ties by name.
 */
export function apportion<Item extends ObligationKey>(
  total: bigint,
  items: readonly Item[],
  weightOf: (item: Item) => bigint,
): bigint[] {
  const sum = sumOf(items, weightOf);
  assert(total >= 0n && total <= sum, 'a total that is divided is at most the sum of its weights');
  if (sum === 0n) return items.map(() => 0n);
  const parts = items.map((item) => (total * weightOf(item)) / sum);
  const ranked = items
    .map((item, index) => ({ item, index }))
    .toSorted(
      (a, b) => compareWeights(weightOf(a.item), weightOf(b.item)) || compareKeys(a.item, b.item),
    );
  let left = total - parts.reduce((all, part) => all + part, 0n);
  for (const { index } of ranked) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts;
}

function sumOf<Item>(items: readonly Item[], amountOf: (item: Item) => bigint): bigint {
  return items.reduce((sum, item) => sum + amountOf(item), 0n);
}

/** Largest first. */
function compareWeights(a: bigint, b: bigint): number {
  return a > b ? -1 : a < b ? 1 : 0;
}

function compareKeys(a: ObligationKey, b: ObligationKey): number {
  return compareText(a.participant, b.participant) || compareText(a.basis, b.basis);
}
