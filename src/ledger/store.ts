// SQL of posting: the row types, the lock of a bucket, the look-up of keys, the one call of
// `ledger.post`, and the backend of a lane. Every statement on a hot table names one bucket
// (docs/decisions/0002). Before this: `commit.ts`. Next: `db/functions/ledger-post.sql`.

import type { Bucket, TransactionId } from '../kernel/ids.ts';
import type { Queryable } from '../runtime/database.ts';
import type { BucketState, HoldWrite } from './bucket-state.ts';
import {
  checkColumns,
  encodeRows,
  type CatalogueColumn,
  type RowEncoding,
} from './row-encoding.ts';
import {
  accountChangeRows,
  accountRows,
  holdRows,
  quoteUseRows,
  readLeg,
  reversalRows,
  signatureUseRows,
  transactionRows,
  type TransactionRow,
} from './rows.ts';
import type { PostedLeg } from './types.ts';

/** OIDs of the row types that are written; they differ from database to database. */
export interface RowTypes {
  readonly account: number;
  readonly accountChange: number;
  readonly transaction: number;
  readonly hold: number;
  readonly reversal: number;
  readonly quoteUse: number;
  readonly signatureUse: number;
}

export const STALE = 'PN001';
export const UNIQUE_VIOLATION = '23505';

/** Reads the row types, and makes sure that the program writes the columns that the tables have. */
export async function loadRowTypes(db: Queryable): Promise<RowTypes> {
  return {
    account: await rowType(db, accountRows),
    accountChange: await rowType(db, accountChangeRows),
    transaction: await rowType(db, transactionRows),
    hold: await rowType(db, holdRows),
    reversal: await rowType(db, reversalRows),
    quoteUse: await rowType(db, quoteUseRows),
    signatureUse: await rowType(db, signatureUseRows),
  };
}

async function rowType<Row>(db: Queryable, encoding: RowEncoding<Row>): Promise<number> {
  const columns = await db.query<CatalogueColumn & { oid: number }>(
    `select a.attname as name, c.reltype::integer as oid,
            case t.typname when '_int8' then 'int8[]' else t.typname end as type
       from pg_class c join pg_attribute a on a.attrelid = c.oid
         join pg_type t on t.oid = a.atttypid
      where c.oid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [encoding.table],
  );
  checkColumns(
    encoding,
    columns.rows.map(({ name, type }) => ({ name, type })),
  );
  const [first] = columns.rows;
  if (first === undefined) throw new Error(`there is no table ${encoding.table}`);
  return first.oid;
}

/**
 * Locks a bucket's row until the end of the dbTransaction. Callers lock several in ascending order.
 */
export async function lockBucket(
  db: Queryable,
  bucket: Bucket,
): Promise<{ sequence: bigint; accountCount: bigint }> {
  const { rows } = await db.query<{ sequence: bigint; account_count: bigint }>({
    name: 'ledger-lock-bucket',
    text: 'select sequence, account_count from ledger.bucket where bucket = $1 for update',
    values: [bucket],
  });
  const row = rows[0];
  if (row === undefined) throw new Error(`bucket ${bucket} does not exist`);
  return { sequence: row.sequence, accountCount: row.account_count };
}

/**
 * Leg 0 of those of the given transactions that exist, and the bucket's sequence number at the same
 * moment.
 */
export async function findPosted(
  db: Queryable,
  bucket: Bucket,
  ids: readonly TransactionId[],
): Promise<{ sequence: bigint; found: PostedLeg[] }> {
  const { rows } = await db.query<TransactionRow & { bucket_sequence: bigint }>({
    name: 'ledger-find-posted',
    text: `select b.sequence as bucket_sequence, t.*
             from ledger.bucket b
             left join (unnest($2::uuid[]) as w (id)
               cross join lateral (select * from ledger.transaction t
                 where t.bucket = $1 and t.transaction_id = w.id and t.leg = 0 limit 1) t) on true
            where b.bucket = $1`,
    values: [bucket, ids],
  });
  const sequence = rows[0]?.bucket_sequence ?? 0n;
  return { sequence, found: rows.filter((row) => row.transaction_id !== null).map(readLeg) };
}

/**
 * Writes what a batch decided in one bucket, provided that nobody else wrote there since. Throws
 * STALE when somebody did.
 */
export function writeBucket(db: Queryable, state: BucketState, types: RowTypes): Promise<unknown> {
  const { rows, accounts, holds, reversals, quotes, signatures } = state.writes;
  // In the order of the table, so that the server finds neighbours in the page at hand.
  const touched = [...accounts].sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  return db.query({
    name: 'ledger-post',
    text: `select ledger.post($1, $2, $3, $4, $5::ledger.account[], $6::ledger.account_change[],
        $7::ledger.transaction[], $8::ledger.hold[], $9::ledger.reversal[], $10::ledger.quote_use[],
        $11::ledger.signature_use[])`,
    values: [
      state.bucket,
      state.base.sequence,
      rows.length,
      Number((state.known?.accountCount ?? state.base.accountCount) - state.base.accountCount),
      array(
        accountRows,
        types.account,
        touched.filter((account) => !account.stored),
      ),
      array(
        accountChangeRows,
        types.accountChange,
        touched.filter((account) => account.stored),
      ),
      array(transactionRows, types.transaction, rows),
      array(holdRows, types.hold, lastOfEach(holds)),
      array(reversalRows, types.reversal, reversals),
      array(quoteUseRows, types.quoteUse, quotes),
      array(signatureUseRows, types.signatureUse, signatures),
    ],
  });
}

/** A freeze may be made and taken from in one batch; its last state is written. */
function lastOfEach(holds: readonly HoldWrite[]): readonly HoldWrite[] {
  if (holds.length < 2) return holds;
  return [
    ...new Map(
      holds.map((write) => [
        write.plan.change === 'create' ? write.row.transactionId : write.plan.hold.holdId,
        write,
      ]),
    ).values(),
  ];
}

/** Rows as one parameter; null when there are none. */
function array<Row>(
  encoding: RowEncoding<Row>,
  typeOid: number,
  rows: readonly Row[],
): Buffer | null {
  return rows.length === 0 ? null : encodeRows(encoding, typeOid, rows);
}

/**
 * Ends a former backend of ours and waits until it is gone, so that nothing it was sent can still
 * take effect.
 */
export async function terminateBackend(
  db: Queryable,
  pid: number,
  startedAt: string,
): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where pid = $1 and backend_start::text = $2`,
    [pid, startedAt],
  );
}

/** Who the server thinks we are. */
export async function identifyBackend(db: Queryable): Promise<{ pid: number; startedAt: string }> {
  const { rows } = await db.query<{ pid: number; started_at: string }>(
    `select pid, backend_start::text as started_at from pg_stat_activity
        where pid = pg_backend_pid()`,
  );
  const [backend] = rows;
  if (backend === undefined) throw new Error('the server does not list this connection');
  return { pid: backend.pid, startedAt: backend.started_at };
}
