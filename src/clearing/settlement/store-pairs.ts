// SQL of cuts, and of the pairs that are counted from the rows within them.

import type { Bucket } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { Cut, Pair } from './types.ts';

/** Where each bucket's rows ended when a window was closed. */
export async function selectCuts(db: Queryable, windowId: number): Promise<Cut[]> {
  const { rows } = await db.query<Cut>(
    `select bucket, from_sequence as "from", to_sequence as "to" from clearing.window_cut
        where window_id = $1 order by bucket`,
    [windowId],
  );
  return rows;
}

export async function insertCuts(
  db: Queryable,
  windowId: number,
  cuts: readonly Cut[],
): Promise<void> {
  await db.query(
    `insert into clearing.window_cut (window_id, bucket, from_sequence, to_sequence,
        counted_through) select $1, bucket, "from", "to", "from"
        from unnest($2::integer[], $3::bigint[], $4::bigint[]) as c (bucket, "from", "to")`,
    [
      windowId,
      cuts.map(({ bucket }) => bucket),
      cuts.map(({ from }) => from),
      cuts.map(({ to }) => to),
    ],
  );
}

/** The closed window of a journal row. */
export async function findWindowOf(
  db: Queryable,
  bucket: Bucket,
  sequence: bigint,
): Promise<number | undefined> {
  const { rows } = await db.query<{ window_id: number }>(
    `select window_id from clearing.window_cut where bucket = $1 and from_sequence < $2
        and to_sequence >= $2`,
    [bucket, sequence],
  );
  return rows[0]?.window_id;
}

/**
 * A cut whose pairs are not all counted, locked so that no other process counts it; cuts that are
 * being counted are skipped.
 */
export async function lockUncountedCut(
  db: Queryable,
  windowId: number,
): Promise<{ readonly bucket: Bucket; readonly counted: bigint; readonly to: bigint } | undefined> {
  const { rows } = await db.query<{ bucket: Bucket; counted: bigint; to: bigint }>(
    `select bucket, counted_through as counted, to_sequence as "to" from clearing.window_cut
      where window_id = $1 and counted_through < to_sequence order by bucket limit 1
        for update skip locked`,
    [windowId],
  );
  return rows[0];
}

export async function hasUncountedCut(db: Queryable, windowId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from clearing.window_cut where window_id = $1 and counted_through < to_sequence
        limit 1`,
    [windowId],
  );
  return rowCount !== 0;
}

/** Adds counted amounts to a window's pairs, and moves the mark to where it was counted. */
export async function addPairs(
  db: Queryable,
  windowId: number,
  bucket: Bucket,
  through: bigint,
  pairs: readonly Pair[],
): Promise<void> {
  await db.query(
    'update clearing.window_cut set counted_through = $3 where window_id = $1 and bucket = $2',
    [windowId, bucket, through],
  );
  // In one order, so that two processes that count different buckets never wait for each other in a
  // circle.
  const sorted = pairs.toSorted((a, b) =>
    `${a.source} ${a.target} ${a.kind}` < `${b.source} ${b.target} ${b.kind}` ? -1 : 1,
  );
  await db.query(
    `insert into clearing.window_pair as p (window_id, source_platform, target_platform, kind,
        transactions, amount, credited, owed, due)
     select $1, n.* from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
       $7::bigint[], $8::bigint[], $9::bigint[])
            as n (source_platform, target_platform, kind, transactions, amount, credited, owed, due)
         on conflict (window_id, source_platform, target_platform, kind) do update
        set transactions = p.transactions + excluded.transactions,
          amount = p.amount + excluded.amount, credited = p.credited + excluded.credited,
            owed = p.owed + excluded.owed, due = p.due + excluded.due`,
    [
      windowId,
      sorted.map(({ source }) => source),
      sorted.map(({ target }) => target),
      sorted.map(({ kind }) => kind),
      sorted.map(({ transactions }) => transactions),
      sorted.map(({ amount }) => amount),
      sorted.map(({ credited }) => credited),
      sorted.map(({ owed }) => owed),
      sorted.map(({ due }) => due),
    ],
  );
}

/** False when another process has done so. */
export async function markCounted(
  db: Queryable,
  windowId: number,
  mismatch: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.settlement_window set counted_at = $2, mismatch = $3
        where window_id = $1 and counted_at is null`,
    [windowId, new Date(nowMs), mismatch ?? null],
  );
  return rowCount === 1;
}

export async function selectPairs(db: Queryable, windowId: number): Promise<Pair[]> {
  const { rows } = await db.query<Pair>(
    `select source_platform as source, target_platform as target, kind, transactions, amount,
        credited, owed, due
       from clearing.window_pair where window_id = $1
         order by source_platform, target_platform, kind`,
    [windowId],
  );
  return rows;
}
