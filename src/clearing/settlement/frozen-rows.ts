// Finds the journal rows of disputed transactions, and their effect on the positions.

import { bucketOfTransaction, type OwnerId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { FrozenRow } from './carve-out.ts';
import { findWindowOf } from './store-pairs.ts';
import { findEffect, type PointsOwner } from './store-ledger.ts';
import type { Frozen } from '../disputes/disputes.ts';
import type { Queryable } from '../../runtime/database.ts';

/** Those that have moved positions; several disputes of one transaction are added up. */
export async function findFrozenRows(
  db: Queryable,
  frozen: readonly Frozen[],
  ledger: Ledger,
  points: readonly PointsOwner[],
): Promise<FrozenRow[]> {
  const rows: FrozenRow[] = [];
  for (const [transactionId, disputes] of Map.groupBy(frozen, (each) => each.transactionId)) {
    const bucket = bucketOfTransaction(transactionId);
    if (bucket >= ledger.bucketCount()) continue;
    const effect = await findEffect(db, bucket, transactionId, ledger.settlementAsset().assetId);
    const source = points.find(({ assetId }) => assetId === effect?.asset_id);
    const target = points.find(({ assetId }) => assetId === effect?.target_asset_id);
    if (
      effect === undefined ||
      effect.kind !== 'conversion' ||
      source === undefined ||
      target === undefined
    )
      continue;
    const movedOn = (ownerId: OwnerId): bigint =>
      effect.owner_ids.reduce(
        (sum, owner, index) => (owner === ownerId ? sum + (effect.moved[index] ?? 0n) : sum),
        0n,
      );
    rows.push({
      bucket,
      rowId: effect.transaction_id,
      transactionId,
      source: source.platformId,
      target: target.platformId,
      amount: effect.amount,
      reversed: effect.reversed,
      frozen: disputes.reduce((sum, { amount }) => sum + amount, 0n),
      sourceEffect: movedOn(source.ownerId),
      targetEffect: movedOn(target.ownerId),
      windowId: await findWindowOf(db, bucket, effect.sequence),
    });
  }
  return rows;
}
