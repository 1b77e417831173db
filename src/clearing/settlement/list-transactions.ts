// Lists the transactions behind a statement, in pages: bucket by bucket in the order of the
// journal, so that every page costs the same.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { SettlementParts } from './parts.ts';
import { selectCuts } from './store-pairs.ts';
import { listRows, selectPoints, type ListedRow, type PointsOwner } from './store-ledger.ts';
import type { PairKind } from './types.ts';

export interface StatementTransaction {
  readonly transactionId: TransactionId;
  readonly kind: PairKind;
  readonly postedAtMs: number;
  readonly direction: 'sent' | 'received';
  readonly counterpart: PlatformId;
  /** Minor units of the platform's own points, and of the counterpart's; null where it had none. */
  readonly ownPoints: bigint;
  readonly otherPoints: bigint | null;
  /** Its effect on the platform's position. */
  readonly money: bigint;
  /** The transaction that it reverses, or the authorisation that it carries out. */
  readonly relatedId: TransactionId | null;
}

export interface TransactionPage {
  readonly transactions: readonly StatementTransaction[];
  /** The cursor of the next page; null at the end. */
  readonly nextCursor: string | null;
}

/** Rows of a bucket read by one statement. */
const STEP = 50_000n;
export const CURSOR = /^\d{1,5}\.\d{1,18}$/;

/**
 * At most `limit` of a closed window's transactions that moved a platform's position, after a
 * cursor.
 */
export async function listTransactions(
  { pool, ledger }: SettlementParts,
  windowId: number,
  platformId: PlatformId,
  cursor: string | undefined,
  limit: number,
): Promise<TransactionPage> {
  const [from = -1, after = -1n] = cursor === undefined ? [] : readCursor(cursor);
  const points = await selectPoints(pool);
  const owner = points.find((each) => each.platformId === platformId);
  const transactions: StatementTransaction[] = [];
  if (owner === undefined) return { transactions, nextCursor: null };
  for (const cut of await selectCuts(pool, windowId)) {
    if (cut.bucket < from) continue;
    let start = cut.bucket === from && after > cut.from ? after : cut.from;
    while (start < cut.to) {
      const end = start + STEP < cut.to ? start + STEP : cut.to;
      const rows = await listRows(
        pool,
        cut.bucket,
        start,
        end,
        ledger.settlementAsset().assetId,
        owner,
        limit - transactions.length,
      );
      transactions.push(...rows.map((row) => readTransaction(row, owner, points)));
      const last = rows.at(-1);
      if (last !== undefined && transactions.length === limit)
        return { transactions, nextCursor: `${cut.bucket}.${last.sequence}` };
      start = end;
    }
  }
  return { transactions, nextCursor: null };
}

function readCursor(cursor: string): [Bucket, bigint] {
  const [bucket = '', sequence = ''] = cursor.split('.');
  return [Number(bucket) as Bucket, BigInt(sequence)];
}

function readTransaction(
  row: ListedRow,
  owner: PointsOwner,
  points: readonly PointsOwner[],
): StatementTransaction {
  const common = {
    transactionId: row.transaction_id,
    kind: row.kind,
    postedAtMs: row.posted_at.getTime(),
    money: row.moved,
    relatedId: row.related_id,
  };
  const platformOf = (belongs: (each: PointsOwner) => boolean): PlatformId =>
    points.find(belongs)?.platformId ?? owner.platformId;
  if (row.kind === 'adjust') {
    const own = row.asset_id === owner.assetId;
    const counterpart = platformOf(({ ownerId }) => ownerId === row.other_owner_id);
    return {
      ...common,
      counterpart,
      direction: own ? 'received' : 'sent',
      ownPoints: own ? row.amount : 0n,
      otherPoints: own ? null : row.amount,
    };
  }
  const sent = row.asset_id === owner.assetId;
  const counterpart = platformOf(
    ({ assetId }) => assetId === (sent ? row.target_asset_id : row.asset_id),
  );
  return sent
    ? {
        ...common,
        counterpart,
        direction: 'sent',
        ownPoints: row.amount,
        otherPoints: row.credited,
      }
    : {
        ...common,
        counterpart,
        direction: 'received',
        ownPoints: row.credited ?? 0n,
        otherPoints: row.amount,
      };
}
