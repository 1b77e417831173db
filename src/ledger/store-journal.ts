// SQL of the journal's rows and of what reversals and quotes note beside them, read only:
// `ledger.post` writes them. Every statement names one bucket (docs/decisions/0002).

import type { Bucket, MemberId, OwnerId, TransactionId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { Queryable } from '../runtime/database.ts';
import { readLeg, type TransactionRow } from './rows.ts';
import type { PostedLeg, TransactionKind, WaitingLeg } from './types.ts';

/** All legs of a transaction that lie in one bucket. */
export async function findLegs(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-find-legs',
    text: 'select * from ledger.transaction where bucket = $1 and transaction_id = $2 order by leg',
    values: [bucket, transactionId],
  });
  return rows.map(readLeg);
}

/**
 * A member's rows that concern one platform's points, newest first, from before a sequence number.
 * Of what an authorisation took, one row: the one that posted it, or itself while it is open and
 * when it was undone.
 */
export async function listLegs(
  db: Queryable,
  bucket: Bucket,
  memberId: MemberId,
  assetId: number,
  before: bigint,
  limit: number,
  offset: number,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-list-legs',
    text: `select * from ledger.transaction t
            where bucket = $1 and member_id = $2 and sequence < $4
              and ((asset_id = $3 and not (leg = 1 and target_balance_after is not null))
                or (target_asset_id = $3 and target_balance_after is not null))
              and case kind
                    when 'authorise' then not exists (select from ledger.hold h
                      where h.bucket = $1 and h.hold_id = t.transaction_id and h.state = 'captured')
                    when 'release' then not exists (
                      select from ledger.transaction r
                        where r.bucket = $1 and r.transaction_id = t.related_id and r.leg = 0
                        and r.kind = 'authorise')
                    else true end
            order by sequence desc limit $5 offset $6`,
    values: [bucket, memberId, assetId, before, limit, offset],
  });
  return rows.map(readLeg);
}

/**
 * First legs of some kinds among the `limit` rows after a sequence number, and the number that was
 * looked up to.
 */
export async function listLegsAfter(
  db: Queryable,
  bucket: Bucket,
  sequence: bigint,
  kinds: readonly TransactionKind[],
  limit: number,
): Promise<{ legs: PostedLeg[]; through: bigint }> {
  const { rows } = await db.query<TransactionRow & { through: bigint }>({
    name: 'ledger-list-legs-after',
    text: `select least(b.sequence, $2::bigint + $4::integer) as through, t.*
             from ledger.bucket b
             left join ledger.transaction t on t.bucket = $1 and t.sequence > $2
               and t.sequence <= $2 + $4 and t.leg = 0 and t.kind = any($3)
            where b.bucket = $1 order by t.sequence`,
    values: [bucket, sequence, kinds, limit],
  });
  return {
    legs: rows.filter((row) => row.transaction_id !== null).map(readLeg),
    through: rows[0]?.through ?? sequence,
  };
}

/** First legs of transfers that wait for an operator, oldest first. */
export async function listReviews(
  db: Queryable,
  bucket: Bucket,
  limit: number,
): Promise<WaitingLeg[]> {
  const { rows } = await db.query<TransactionRow & { readonly due_at: Date }>({
    name: 'ledger-list-reviews',
    text: `select t.*, h.expires_at as due_at from ledger.hold h
        join ledger.transaction t on t.bucket = $1 and t.transaction_id = h.hold_id and t.leg = 0
            where h.bucket = $1 and h.state = 'held' and t.details ? 'review' order by t.sequence
              limit $2`,
    values: [bucket, limit],
  });
  return rows.map((row) => ({ leg: readLeg(row), dueAtMs: row.due_at.getTime() }));
}

/**
 * The amounts that the first leg of a transaction posted on accounts of one asset, summed by owner.
 */
export async function listMoved(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
  assetId: number,
): Promise<{ ownerId: OwnerId; amount: bigint }[]> {
  const { rows } = await db.query<{ ownerId: OwnerId; amount: bigint }>({
    name: 'ledger-list-moved',
    text: `select a.owner_id as "ownerId", sum(e.amount)::bigint as amount
             from ledger.entry e join ledger.account a on a.bucket = $1
               and a.account_id = e.account_id and a.asset_id = $3
            where e.bucket = $1 and e.transaction_id = $2 and e.leg = 0 and e.layer = 'p'
              group by a.owner_id`,
    values: [bucket, transactionId, assetId],
  });
  return rows;
}

/** The rows that ended freezes for a transaction in a bucket. */
export async function listEndsOfFreezes(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-list-ends-of-freezes',
    text: `select t.* from ledger.hold h
             join ledger.transaction t on t.bucket = $1 and t.transaction_id = h.resolved_by
               and t.member_id = h.member_id
            where h.bucket = $1 and h.frozen_for = $2 and h.state <> 'held' order by t.sequence`,
    values: [bucket, transactionId],
  });
  return rows.map(readLeg);
}

/** How much of a transaction has been reversed. */
export async function loadReversed(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<bigint> {
  const { rows } = await db.query<{ reversed: bigint }>({
    name: 'ledger-load-reversed',
    text: `select coalesce(sum(amount), 0)::bigint as reversed from ledger.reversal
        where bucket = $1 and transaction_id = $2`,
    values: [bucket, transactionId],
  });
  return rows[0]?.reversed ?? 0n;
}

/** How much of a transaction was reversed by parts that still rounded down. */
export async function loadFloored(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<bigint | undefined> {
  const { rows } = await db.query<{ amount: bigint }>({
    name: 'ledger-load-floored',
    text: 'select amount from ledger.floored_reversal where bucket = $1 and transaction_id = $2',
    values: [bucket, transactionId],
  });
  return rows[0]?.amount;
}

/**
 * The points of a member's ended lots that have lapsed and are still among the expired points.
 * `lapsedBy` computes the same for one row. The partial index holds the rows that count, and none
 * is read when no lot has ended.
 */
export async function loadLapsed(
  db: Queryable,
  bucket: Bucket,
  memberId: MemberId,
  {
    assetId,
    lots,
    today,
  }: { readonly assetId: number; readonly lots: readonly bigint[]; readonly today: Day },
): Promise<ReadonlyMap<bigint, bigint>> {
  const { rows } = await db.query<{ account_id: bigint; lapsed: bigint }>({
    name: 'ledger-load-lapsed',
    text: `with ended as materialized (
             select account_id from ledger.account
              where bucket = $1 and account_id = any($3) and asset_id = $4 and purpose = 'lot'
                and expires_on <= $5::date + 1)
           select account_id, sum(amount)::bigint as lapsed
             from (select e.account_id, -e.amount as amount
                     from ledger.transaction t cross
                       join lateral unnest(t.account_ids, t.amounts) e (account_id, amount)
                    where exists (select from ended) and t.bucket = $1 and t.member_id = $2
                      and t.kind = 'expire'
                    union all
                   select split_part(one, ':', 1)::bigint, -split_part(one, ':', 2)::bigint
                     from ledger.transaction t cross
                       join lateral unnest(string_to_array(t.details ->> 'from_expired', ',')) one
                    where exists (select from ended) and t.bucket = $1 and t.member_id = $2
                      and t.kind = 'reverse' and t.details ? 'from_expired') lapse
            where account_id in (select account_id from ended)
            group by 1`,
    values: [bucket, memberId, lots, assetId, today],
  });
  return new Map(rows.map((row) => [row.account_id, row.lapsed]));
}

/** The transaction that has used a quote. */
export async function loadQuoteUse(
  db: Queryable,
  bucket: Bucket,
  nonce: string,
): Promise<TransactionId | undefined> {
  const { rows } = await db.query<{ transaction_id: TransactionId }>({
    name: 'ledger-load-quote-use',
    text: 'select transaction_id from ledger.quote_use where bucket = $1 and nonce = $2',
    values: [bucket, nonce],
  });
  return rows[0]?.transaction_id;
}
