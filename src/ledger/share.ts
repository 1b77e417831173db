// What of a sum belongs to a part of a transaction: parts add up to the whole exactly, and each is rounded in a direction
// that the caller names. Pure.

/**
 * When a fraction of a minor unit moves: `sooner`, with the part that begins it; `later`, with the part that completes it.
 * Whoever keeps what is not moved yet keeps at most its share under `sooner`, and at least its share under `later`.
 */
export type Rounding = 'sooner' | 'later';

/** The part of a transaction from `before` to `before + amount` of its amount. */
export interface Part {
  readonly before: bigint;
  readonly amount: bigint;
  /** How much of it was reversed by parts that rounded every share `later`, before there was a choice; absent for nearly all. */
  readonly floored?: bigint | undefined;
}

/** What of `total` has moved once `done` of `whole` is done; away from zero for `sooner`, toward zero for `later`. */
export function shareUpTo(total: bigint, whole: bigint, done: bigint, rounding: Rounding): bigint {
  const product = total * done;
  const complete = product / whole;
  if (rounding === 'later' || complete * whole === product) return complete;
  return product < 0n ? complete - 1n : complete + 1n;
}

/** What of `total` has moved before the part. */
export function shareBefore(total: bigint, whole: bigint, part: Part, rounding: Rounding): bigint {
  return shareUpTo(total, whole, part.before, part.before === part.floored ? 'later' : rounding);
}

/** What of `total` belongs to the part. Parts laid end to end sum to `total` exactly. */
export function shareOf(total: bigint, whole: bigint, part: Part, rounding: Rounding): bigint {
  return shareUpTo(total, whole, part.before + part.amount, rounding) - shareBefore(total, whole, part, rounding);
}
