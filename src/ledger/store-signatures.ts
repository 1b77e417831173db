// SQL of the marks that request signatures leave. Every statement names one bucket
// (docs/decisions/0002).

import type { Bucket } from '../kernel/ids.ts';
import type { Queryable } from '../runtime/database.ts';
import type { SignatureUse } from './bucket-state.ts';
import { digitsOf, signedOf } from './rows.ts';
import type { SignatureMark } from './types.ts';

/** The operations that some request signatures belong to, by mark. */
export async function findSignatures(
  db: Queryable,
  bucket: Bucket,
  signatures: readonly SignatureMark[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ mark: bigint; operation: bigint }>({
    name: 'ledger-find-signatures',
    text: `select s.mark, s.operation
             from unnest($2::bigint[], $3::bigint[]) as w (signed_at, mark)
             cross join lateral (
               select * from ledger.signature_use s
                where s.bucket = $1 and s.signed_at = w.signed_at and s.mark = w.mark limit 1) s`,
    values: [
      bucket,
      signatures.map(({ signedAt }) => signedAt),
      signatures.map(({ mark }) => signedOf(mark)),
    ],
  });
  return new Map(rows.map(({ mark, operation }) => [digitsOf(mark), digitsOf(operation)]));
}

/** Marks a signature unless it is marked; returns the operation that it belongs to. */
export async function insertSignature(
  db: Queryable,
  { bucket, signedAt, mark, operation }: SignatureUse,
): Promise<{ readonly inserted: boolean; readonly user: string | undefined }> {
  const { rowCount } = await db.query(
    `insert into ledger.signature_use (bucket, signed_at, mark, operation) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [bucket, signedAt, signedOf(mark), signedOf(operation)],
  );
  if (rowCount === 1) return { inserted: true, user: operation };
  const found = await findSignatures(db, bucket, [{ signedAt, mark }]);
  return { inserted: false, user: found.get(mark) };
}

export async function deleteSignature(
  db: Queryable,
  bucket: Bucket,
  { signedAt, mark }: SignatureMark,
): Promise<void> {
  await db.query(
    'delete from ledger.signature_use where bucket = $1 and signed_at = $2 and mark = $3',
    [bucket, signedAt, signedOf(mark)],
  );
}

/** Forgets marks of stale signatures, oldest first; returns how many. */
export async function deleteSignatures(
  db: Queryable,
  bucket: Bucket,
  beforeSeconds: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await db.query({
    name: 'ledger-delete-signatures',
    // By place in the table, which needs no plan: no statistics of a table that grows and shrinks
    // are right.
    text: `delete from ledger.signature_use
            where bucket = $1 and signed_at < $2 and ctid = any(array(
              select ctid from ledger.signature_use
               where bucket = $1 and signed_at < $2 order by signed_at limit $3))`,
    values: [bucket, beforeSeconds, limit],
  });
  return rowCount ?? 0;
}
