// Closes a window: cuts the journal at its present end and opens the next window, in one short
// dbTransaction that takes no lock of the ledger. Each bucket is cut by one statement that sees its
// sequence number and its positions at one moment. All position entries of a transaction lie in one
// row, so each transaction is in exactly one window. Before this: an operator, or the schedule.
// After this: `count-pairs.ts`.

import { assert } from '../../kernel/assert.ts';
import { buckets, networkOwnerId, type OwnerId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import { decideIns, decideOuts } from './carve-out.ts';
import { findFrozenRows } from './frozen-rows.ts';
import type { SettlementParts } from './parts.ts';
import { settlementProblems } from './problems.ts';
import { windowClosed } from './settlement-events.ts';
import { insertWindow, lockWindows, moveWindow, selectOpenWindow } from './store-windows.ts';
import { addCarveOuts, selectCarveOutsOf } from './store-carve-outs.ts';
import { insertCuts, selectCuts } from './store-pairs.ts';
import { insertNets, selectNets } from './store-nets.ts';
import { readCut, selectPoints, type PointsOwner } from './store-ledger.ts';
import { NETWORK, type Cut, type Net, type Participant, type SettlementWindow } from './types.ts';

export interface Closing {
  /** The window to close; by default the open one. */
  readonly windowId?: number | undefined;
  /** An operator, or `schedule`. */
  readonly closedBy: string;
  /** Called under the lock; false leaves the window open. */
  readonly when?: (open: SettlementWindow<'open'>) => boolean;
  /** Leaves a window open in which nothing was posted. */
  readonly unlessEmpty?: boolean;
}

/** The closed window; undefined when it was left open. */
export async function closeWindow(
  parts: SettlementParts,
  { windowId, closedBy, when, unlessEmpty = false }: Closing,
): Promise<Result<SettlementWindow | undefined>> {
  const { pool, clock, ledger } = parts;
  // Before the lock, because it may read other tables; a dispute that is opened meanwhile is left
  // out when the window is settled.
  const frozen = await parts.listFrozen();
  return dbTransaction(pool, async (client) => {
    await lockWindows(client);
    const open = await selectOpenWindow(client);
    if (windowId !== undefined && windowId !== open.windowId) {
      return refuse(
        windowId < open.windowId
          ? settlementProblems.window_not_open()
          : settlementProblems.window_not_found(),
      );
    }
    if (when?.(open) === false) return ok(undefined);
    const points = await selectPoints(client);
    const cutting = await cutBuckets(client, parts, open.windowId - 1, points);
    if (unlessEmpty && cutting.cuts.every(({ from, to }) => from === to)) return ok(undefined);
    const nets = await netOf(client, open.windowId - 1, points, cutting);
    const nowMs = clock.now();
    const closed = await moveWindow<'close'>(client, open, 'close', {
      closedAtMs: nowMs,
      closedBy,
    });
    await insertWindow(client, open.windowId + 1, nowMs);
    await insertCuts(client, open.windowId, cutting.cuts);
    await insertNets(client, open.windowId, nets);
    const rows = await findFrozenRows(client, frozen, ledger, points);
    const before = await selectCarveOutsOf(
      client,
      rows.map(({ rowId }) => rowId),
    );
    await addCarveOuts(
      client,
      [...decideOuts(open.windowId, rows, before), ...decideIns(open.windowId, rows, before)],
      nowMs,
    );
    await appendEvents(
      client,
      windowClosed(
        open.windowId,
        points.map(({ platformId }) => platformId),
        nets,
        ledger.settlementAsset(),
      ),
      nowMs,
    );
    return ok(closed);
  });
}

interface Cutting {
  readonly cuts: readonly Cut[];
  /** For each owner over all buckets: its position at the cut, and the settlements in it. */
  readonly closing: ReadonlyMap<OwnerId, bigint>;
  readonly settled: ReadonlyMap<OwnerId, bigint>;
}

async function cutBuckets(
  client: DbClient,
  { ledger }: SettlementParts,
  previousId: number,
  points: readonly PointsOwner[],
): Promise<Cutting> {
  const ends = new Map((await selectCuts(client, previousId)).map((cut) => [cut.bucket, cut.to]));
  const owners = [...points.map(({ ownerId }) => ownerId), networkOwnerId()];
  const [closing, settled] = [new Map<OwnerId, bigint>(), new Map<OwnerId, bigint>()];
  const cuts: Cut[] = [];
  for (const bucket of buckets(ledger.bucketCount())) {
    const from = ends.get(bucket) ?? 0n;
    const cut = await readCut(client, bucket, ledger.settlementAsset().assetId, owners, from);
    cuts.push({ bucket, from, to: cut.sequence });
    addAll(closing, cut.balances);
    addAll(settled, cut.settled);
  }
  return { cuts, closing, settled };
}

function addAll(sums: Map<OwnerId, bigint>, more: ReadonlyMap<OwnerId, bigint>): void {
  for (const [ownerId, amount] of more) sums.set(ownerId, (sums.get(ownerId) ?? 0n) + amount);
}

/**
 * The movement of each participant's rows in the cut, without settlements: the difference of its
 * balances. Throws when it does not sum to zero.
 */
async function netOf(
  client: DbClient,
  previousId: number,
  points: readonly PointsOwner[],
  { closing, settled }: Cutting,
): Promise<Net[]> {
  const opening = new Map(
    (await selectNets(client, previousId)).map((net) => [net.participant, net.closing]),
  );
  const participants: { participant: Participant; ownerId: OwnerId }[] = [
    ...points.map(({ platformId, ownerId }) => ({
      participant: platformId,
      ownerId,
    })),
    { participant: NETWORK, ownerId: networkOwnerId() },
  ];
  const nets = participants.map(({ participant, ownerId }): Net => {
    const [before, after, paid] = [
      opening.get(participant) ?? 0n,
      closing.get(ownerId) ?? 0n,
      settled.get(ownerId) ?? 0n,
    ];
    return { participant, opening: before, net: after - before - paid, paid, closing: after };
  });
  const sum = nets.reduce((total, { net }) => total + net, 0n);
  assert(
    sum === 0n,
    `the nets of settlement window ${previousId + 1} sum to ${sum} minor units instead of ` +
      'zero; it stays open',
  );
  return nets;
}
