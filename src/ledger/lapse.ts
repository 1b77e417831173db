// What lapsed of a lot and is still among the expired points. A reversal of what was credited takes it out of there again. Pure.

import type { Account } from './account.ts';
import type { PostedLeg } from './types.ts';

/** The detail by which a row says how much it took out of the expired points, in minor units. */
export const FROM_EXPIRED = 'from_expired';

/** What a row lets lapse of a lot; negative when it takes that out of the expired points. The loading query says the same in SQL. */
export function lapsedBy(row: PostedLeg, lot: Account): bigint {
  const expires = row.kind === 'expire';
  // A row that restores one platform's lots may take lapsed points of another one.
  const undoes = row.details?.[FROM_EXPIRED] !== undefined && (row.targetAssetId ?? row.assetId) === lot.assetId;
  if (!expires && !undoes) return 0n;
  return row.entries
    .filter(({ accountId, layer, amount }) => accountId === lot.accountId && layer === 'p' && (expires || amount > 0n))
    .reduce((sum, { amount }) => sum - amount, 0n);
}
