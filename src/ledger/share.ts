// The share of a sum that belongs to a part of a transaction. Parts add up to the whole exactly,
// and each is rounded in a direction that the caller names. Pure.

/**
 * When a fraction of a minor unit moves: `sooner`, with the part that begins it; `later`, with
 * the part that completes it. The party that keeps the rest keeps at most its share under
 * `sooner`, and at least its share under `later`.
 */
export type Rounding = 'sooner' | 'later';

/** The part of a transaction from `before` to `before + amount` of its amount. */
export interface Part {
  readonly before: bigint;
  readonly amount: bigint;
  /**
   * How much of it was reversed by parts that rounded every share `later`, before there was a
   * choice; absent for nearly all.
   */
  readonly floored?: bigint | undefined;
}

/**
 * The share of `total` that has moved once `done` of `whole` is done; rounded away from zero for
 * `sooner`, toward zero for `later`.
 */
export function shareUpTo(total: bigint, whole: bigint, done: bigint, rounding: Rounding): bigint {
  const product = total * done;
  const complete = product / whole;
  if (rounding === 'later' || complete * whole === product) return complete;
  return product < 0n ? complete - 1n : complete + 1n;
}

/** The share of `total` that has moved before the part. */
export function shareBefore(total: bigint, whole: bigint, part: Part, rounding: Rounding): bigint {
  return shareUpTo(total, whole, part.before, part.before === part.floored ? 'later' : rounding);
}

/** The share of `total` that belongs to the part. Parts laid end to end sum to `total` exactly. */
export function shareOf(total: bigint, whole: bigint, part: Part, rounding: Rounding): bigint {
  const after = shareUpTo(total, whole, part.before + part.amount, rounding);
  return after - shareBefore(total, whole, part, rounding);
}
