// All SQL of the notices: how far the journal has been reported.

import type { Bucket } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';

export async function readNoticeCursor(db: Queryable, bucket: Bucket): Promise<bigint> {
  const { rows } = await db.query<{ sequence: bigint }>(
    'select sequence from clearing.notice_cursor where bucket = $1',
    [bucket],
  );
  if (rows[0] !== undefined) return rows[0].sequence;
  await db.query(
    'insert into clearing.notice_cursor (bucket, sequence) values ($1, 0) on conflict do nothing',
    [bucket],
  );
  return 0n;
}

/**
 * False when another process was first. The row stays locked to the end of the dbTransaction, so
 * that one process at a time reports a bucket.
 */
export async function moveNoticeCursor(
  db: Queryable,
  bucket: Bucket,
  from: bigint,
  to: bigint,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'update clearing.notice_cursor set sequence = $3 where bucket = $1 and sequence = $2',
    [bucket, from, to],
  );
  return rowCount === 1;
}
