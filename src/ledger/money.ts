// The money of the platforms in settlement currency, summed over all stripes at one moment.

import { buckets, platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import { dbTransaction, type Pool } from '../runtime/database.ts';
import { selectCaps, sumMoney } from './store-wallets.ts';
import type { PlatformMoney } from './types.ts';
import type { AssetBook } from './view.ts';

/** Reads bucket by bucket in one snapshot, and locks nothing. */
export async function listMoney(
  pool: Pool,
  book: AssetBook,
  platformIds: readonly PlatformId[],
): Promise<ReadonlyMap<PlatformId, PlatformMoney>> {
  const owners = platformIds.map(platformOwnerId);
  const { assetId } = book.settlement;
  const sums = new Map(
    owners.map((ownerId) => [
      ownerId,
      { prefund: 0n, position: 0n, pendingDebits: 0n, pendingCredits: 0n },
    ]),
  );
  const caps = await dbTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    for (const bucket of buckets(book.bucketCount)) {
      for (const { ownerId, purpose, posted, pendingDebits, pendingCredits } of await sumMoney(
        client,
        bucket,
        assetId,
        owners,
      )) {
        const sum = sums.get(ownerId);
        if (sum === undefined) continue;
        if (purpose === 'prefund') sum.prefund += posted;
        else {
          sum.position += posted;
          sum.pendingDebits += pendingDebits;
          sum.pendingCredits += pendingCredits;
        }
      }
    }
    return selectCaps(client, assetId, owners);
  });
  return new Map(
    platformIds.map((platformId) => {
      const ownerId = platformOwnerId(platformId);
      const sum = sums.get(ownerId) ?? {
        prefund: 0n,
        position: 0n,
        pendingDebits: 0n,
        pendingCredits: 0n,
      };
      return [platformId, { ...sum, cap: caps.get(ownerId) }];
    }),
  );
}
