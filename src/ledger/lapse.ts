// Points of a lot that lapsed and are still among the expired points. A reversal of the transaction
// that credited them takes them out of there again. Pure.

import type { Account, Wallet } from './account.ts';
import { move, sumOf, type Movement, type Portion } from './plan.ts';
import type { Details, PostedLeg } from './types.ts';

/**
 * The detail by which a row says what it took out of the expired points: lots and amounts. The
 * loading query and the audit read it.
 */
const FROM_EXPIRED = 'from_expired';

/**
 * The points of a lot that lapse by a row; negative when the row takes them out of the expired
 * points.
 */
export function lapsedBy(row: PostedLeg, lot: Account): bigint {
  if (row.kind === 'expire') {
    return row.entries
      .filter(({ accountId, layer }) => accountId === lot.accountId && layer === 'p')
      .reduce((sum, { amount }) => sum - amount, 0n);
  }
  const taken = row.details?.[FROM_EXPIRED];
  if (typeof taken !== 'string') return 0n;
  return taken
    .split(',')
    .map((one) => one.split(':'))
    .filter(([accountId]) => accountId === String(lot.accountId))
    .reduce((sum, [, amount]) => sum - BigInt(amount ?? 0), 0n);
}

/** expired −x, lots +x: so that they can be taken from the lots that they lapsed from. */
export function takeOutOfExpired(lapsed: readonly Portion[], system: Wallet): Movement[] {
  if (lapsed.length === 0) return [];
  const toLots = lapsed.map(({ lot, amount }): Movement => ({ account: lot, amount, layer: 'p' }));
  return [move(system, 'expired', -sumOf(lapsed)), ...toLots];
}

export function describeLapsed(lapsed: readonly Portion[]): Details {
  if (lapsed.length === 0) return {};
  return { [FROM_EXPIRED]: lapsed.map(({ lot, amount }) => `${lot.accountId}:${amount}`).join() };
}
