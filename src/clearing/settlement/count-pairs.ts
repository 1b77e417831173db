// Counts a closed window's conversions pair by pair, in steps that any process may take and that
// may end at any moment; then compares the pairs with the nets, which are computed in another way.
// Before this: `close-window.ts`. After this: the window's statements are ready and it can be
// settled.

import { assert } from '../../kernel/assert.ts';
import { smaller } from '../../kernel/amount.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { findMismatch } from './obligations.ts';
import type { SettlementParts } from './parts.ts';
import { statementReady } from './settlement-events.ts';
import { selectUncounted } from './store-windows.ts';
import {
  addPairs,
  hasUncountedCut,
  lockUncountedCut,
  markCounted,
  selectPairs,
} from './store-pairs.ts';
import { selectNets } from './store-nets.ts';
import { countPairs, selectPoints, type PairRow, type PointsOwner } from './store-ledger.ts';
import type { Pair } from './types.ts';

/** Rows of a bucket read in one step: well under a second. */
const STEP = 200_000n;

/**
 * One step; true when there is more to count. Several processes may run it: each row is counted
 * once.
 */
export async function countStep(parts: SettlementParts): Promise<boolean> {
  const [window] = await selectUncounted(parts.pool);
  if (window === undefined) return false;
  const counted = await dbTransaction(parts.pool, async (client) => {
    const cut = await lockUncountedCut(client, window.windowId);
    if (cut === undefined) return false;
    const through = smaller(cut.counted + STEP, cut.to);
    const points = await selectPoints(client);
    const rows = await countPairs(
      client,
      cut.bucket,
      cut.counted,
      through,
      parts.ledger.settlementAsset().assetId,
      points,
    );
    await addPairs(
      client,
      window.windowId,
      cut.bucket,
      through,
      rows.map((row) => readPair(row, points)),
    );
    return true;
  });
  if (counted) return true;
  // Other processes may still be counting the last of it.
  if (await hasUncountedCut(parts.pool, window.windowId)) return false;
  await finish(parts, window.windowId);
  return true;
}

async function finish({ pool, clock, log }: SettlementParts, windowId: number): Promise<void> {
  await dbTransaction(pool, async (client) => {
    const nets = await selectNets(client, windowId);
    const mismatch = findMismatch(nets, await selectPairs(client, windowId));
    if (!(await markCounted(client, windowId, mismatch, clock.now()))) return;
    if (mismatch !== undefined) {
      log.error(
        { window_id: windowId, mismatch },
        'a settlement window does not add up and cannot be settled',
      );
      await appendEvents(
        client,
        [{ type: 'window.mismatch', platformId: null, data: { window_id: windowId, mismatch } }],
        clock.now(),
      );
      return;
    }
    await appendEvents(
      client,
      statementReady(
        windowId,
        (await selectPoints(client)).map(({ platformId }) => platformId),
      ),
      clock.now(),
    );
  });
}

function readPair(row: PairRow, points: readonly PointsOwner[]): Pair {
  const [source, target] = [row.source_asset_id, row.target_asset_id].map(
    (asset) => points.find(({ assetId }) => assetId === asset)?.platformId,
  );
  assert(source !== undefined && target !== undefined, 'both sides of a pair are known points');
  return {
    source,
    target,
    kind: row.kind,
    transactions: row.transactions,
    amount: row.amount,
    credited: row.credited,
    owed: row.owed,
    due: row.due,
  };
}
