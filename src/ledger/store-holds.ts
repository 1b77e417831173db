// SQL of holds and freezes, read only: `ledger.post` writes them. Every statement names one bucket
// (docs/decisions/0002).

import type { Bucket, TransactionId } from '../kernel/ids.ts';
import type { Queryable } from '../runtime/database.ts';
import { readHold, type HoldRow } from './rows.ts';
import type { Hold } from './types.ts';

export async function loadHold(
  db: Queryable,
  bucket: Bucket,
  holdId: TransactionId,
): Promise<Hold | undefined> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-load-hold',
    text: 'select * from ledger.hold where bucket = $1 and hold_id = $2',
    values: [bucket, holdId],
  });
  return rows[0] === undefined ? undefined : readHold(rows[0]);
}

/** The freezes of disputes over a transaction in a bucket, longest frozen first. */
export async function loadFreezes(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<Hold[]> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-load-freezes',
    text: `select * from ledger.hold where bucket = $1 and frozen_for = $2 and state = 'held'
        order by frozen_at, hold_id`,
    values: [bucket, transactionId],
  });
  return rows.map(readHold);
}

/** Holds of a bucket whose time is over, longest overdue first. */
export async function listDueHolds(
  db: Queryable,
  bucket: Bucket,
  nowMs: number,
  limit: number,
): Promise<Hold[]> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-list-due-holds',
    text: `select * from ledger.hold where bucket = $1 and state = 'held' and expires_at <= $2
        order by expires_at limit $3`,
    values: [bucket, new Date(nowMs), limit],
  });
  return rows.map(readHold);
}
