// SQL of carve-outs: what is left out of windows while it is disputed.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { CarveOut } from './types.ts';

interface CarveOutRow {
  readonly window_id: number;
  readonly bucket: Bucket;
  readonly row_id: TransactionId;
  readonly transaction_id: TransactionId;
  readonly direction: 'out' | 'in';
  readonly source_platform: PlatformId;
  readonly target_platform: PlatformId;
  readonly amount: bigint;
  readonly source_effect: bigint;
  readonly target_effect: bigint;
}

function readCarveOut(row: CarveOutRow): CarveOut {
  return {
    windowId: row.window_id,
    bucket: row.bucket,
    rowId: row.row_id,
    transactionId: row.transaction_id,
    direction: row.direction,
    source: row.source_platform,
    target: row.target_platform,
    amount: row.amount,
    sourceEffect: row.source_effect,
    targetEffect: row.target_effect,
  };
}

export async function selectCarveOuts(db: Queryable, windowId: number): Promise<CarveOut[]> {
  const { rows } = await db.query<CarveOutRow>(
    `select * from clearing.window_carve_out where window_id = $1
        order by direction, transaction_id`,
    [windowId],
  );
  return rows.map(readCarveOut);
}

/**
 * Over all windows: those of the named rows, and those of rows of which a part is still left out.
 */
export async function selectCarveOutsOf(
  db: Queryable,
  rowIds: readonly TransactionId[],
): Promise<CarveOut[]> {
  const { rows } = await db.query<CarveOutRow>(
    `select * from clearing.window_carve_out where row_id = any($1) or row_id in (
       select row_id from clearing.window_carve_out group by row_id
         having sum(case direction when 'out' then amount else -amount end) > 0)
      order by row_id, window_id`,
    [rowIds],
  );
  return rows.map(readCarveOut);
}

export async function addCarveOuts(
  db: Queryable,
  carved: readonly CarveOut[],
  nowMs: number,
): Promise<void> {
  for (const {
    windowId,
    bucket,
    rowId,
    transactionId,
    direction,
    source,
    target,
    amount,
    sourceEffect,
    targetEffect,
  } of carved) {
    await db.query(
      `insert into clearing.window_carve_out as c (window_id, bucket, row_id, transaction_id,
          direction, source_platform, target_platform, amount, source_effect, target_effect,
          changed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (window_id, row_id, direction) do update
          set amount = c.amount + excluded.amount,
            source_effect = c.source_effect + excluded.source_effect,
            target_effect = c.target_effect + excluded.target_effect,
            changed_at = excluded.changed_at`,
      [
        windowId,
        bucket,
        rowId,
        transactionId,
        direction,
        source,
        target,
        amount,
        sourceEffect,
        targetEffect,
        new Date(nowMs),
      ],
    );
  }
}
