// SQL by which settlement reads the ledger. Every statement names one bucket, and no statement
// locks anything.

import {
  platformOwnerId,
  type Bucket,
  type OwnerId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import type { PairKind } from './types.ts';
import type { Queryable } from '../../runtime/database.ts';

/** A platform's points asset, and the owner of its position. */
export interface PointsOwner {
  readonly assetId: number;
  readonly platformId: PlatformId;
  readonly ownerId: OwnerId;
}

/**
 * From the table rather than from memory: another process may have let a platform join a moment
 * ago.
 */
export async function selectPoints(db: Queryable): Promise<PointsOwner[]> {
  const { rows } = await db.query<{ asset_id: number; platform_id: PlatformId }>(
    `select asset_id, platform_id from ledger.asset where kind = 'points' order by asset_id`,
  );
  return rows.map((row) => ({
    assetId: row.asset_id,
    platformId: row.platform_id,
    ownerId: platformOwnerId(row.platform_id),
  }));
}

/**
 * True when something was posted since a window was closed. A cheap look for the loop; the decision
 * is made under the lock.
 */
export async function hasRowsSince(db: Queryable, windowId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from ledger.bucket b left join clearing.window_cut c on c.window_id = $1
        and c.bucket = b.bucket where b.sequence > coalesce(c.to_sequence, 0)
        limit 1 -- all buckets: their rows only`,
    [windowId],
  );
  return rowCount !== 0;
}

/**
 * A bucket at one moment: where its rows end, and each owner's position in it (also the network's
 * rounding) at that very row.
 */
export interface BucketCut {
  readonly sequence: bigint;
  readonly balances: ReadonlyMap<OwnerId, bigint>;
  /** The settlements after the row `from`, as a part of it. They lie in the owner's own bucket. */
  readonly settled: ReadonlyMap<OwnerId, bigint>;
}

/**
 * One statement sees one moment, so balances and sequence number belong together while posting goes
 * on.
 */
export async function readCut(
  db: Queryable,
  bucket: Bucket,
  settlementAssetId: number,
  owners: readonly OwnerId[],
  from: bigint,
): Promise<BucketCut> {
  const { rows } = await db.query<{
    sequence: bigint;
    owner_id: OwnerId | null;
    balance: bigint;
    settled: bigint;
  }>({
    name: 'settlement-read-cut',
    text: `select b.sequence, a.owner_id, a.credits_posted - a.debits_posted as balance,
                  (select coalesce(sum(t.amounts[array_position(t.account_ids, a.account_id)]),
                    0)::bigint
                     from ledger.transaction t
                    where t.bucket = $1 and t.member_id = a.owner_id and t.sequence > $4
                      and t.sequence <= b.sequence and t.kind = 'settle') as settled
             from ledger.bucket b
             left join ledger.account a on a.bucket = $1 and a.owner_id = any($3)
               and a.asset_id = $2 and a.purpose in ('position', 'rounding')
            where b.bucket = $1`,
    values: [bucket, settlementAssetId, owners, from],
  });
  const known = rows.flatMap((row) =>
    row.owner_id === null ? [] : [{ ...row, ownerId: row.owner_id }],
  );
  return {
    sequence: rows[0]?.sequence ?? 0n,
    balances: new Map(known.map(({ ownerId, balance }) => [ownerId, balance])),
    settled: new Map(known.map(({ ownerId, settled }) => [ownerId, settled])),
  };
}

export interface PairRow {
  readonly source_asset_id: number;
  readonly target_asset_id: number;
  readonly kind: PairKind;
  readonly transactions: bigint;
  readonly amount: bigint;
  readonly credited: bigint;
  readonly owed: bigint;
  readonly due: bigint;
}

/**
 * The effect of a row's posted entries on an account. Most rows have posted entries only, and then
 * one look is enough.
 */
const MOVED = (account: string): string => `
  case when t.layers is null then coalesce(t.amounts[array_position(t.account_ids, ${account})], 0)
       else (select coalesce(sum(e.amount), 0)
               from unnest(t.account_ids, t.amounts,
                 string_to_array(t.layers, null)) as e (account_id, amount, layer)
              where e.account_id = ${account} and e.layer = 'p') end`;

/**
 * The effect of some rows of a bucket on positions, by pair: conversions, their reversals, and
 * corrections for which one platform pays another.
 */
export async function countPairs(
  db: Queryable,
  bucket: Bucket,
  from: bigint,
  to: bigint,
  settlementAssetId: number,
  points: readonly PointsOwner[],
): Promise<PairRow[]> {
  const { rows } = await db.query<PairRow>({
    name: 'settlement-count-pairs',
    text: `with platform as materialized (
             select p.asset_id, a.account_id
               from unnest($5::integer[], $6::uuid[]) as p (asset_id, owner_id)
               left join ledger.account a on a.bucket = $1 and a.owner_id = p.owner_id
                 and a.asset_id = $4 and a.purpose = 'position')
           select t.asset_id as source_asset_id, t.target_asset_id, t.kind,
             count(*) as transactions,
                  sum(t.amount)::bigint as amount, coalesce(sum(t.credited), 0)::bigint as credited,
                  -sum(${MOVED('s.account_id')})::bigint as owed,
                    sum(${MOVED('g.account_id')})::bigint as due
             from ledger.transaction t
             join platform s on s.asset_id = t.asset_id
             join platform g on g.asset_id = t.target_asset_id
            where t.bucket = $1 and t.sequence > $2 and t.sequence <= $3 and t.leg = 0
              and t.kind in ('conversion', 'reverse')
            group by 1, 2, 3
            union all
           select s.asset_id, g.asset_id, t.kind, count(*), 0, sum(t.amount)::bigint,
             -sum(payer.amount)::bigint, sum(payee.amount)::bigint
             from ledger.transaction t
            cross join lateral unnest(t.account_ids, t.amounts) as payer (account_id, amount)
             join platform s on s.account_id = payer.account_id and payer.amount < 0
            cross join lateral unnest(t.account_ids, t.amounts) as payee (account_id, amount)
             join platform g on g.account_id = payee.account_id and payee.amount > 0
            where t.bucket = $1 and t.sequence > $2 and t.sequence <= $3 and t.leg = 0
              and t.kind = 'adjust'
            group by 1, 2, 3`,
    values: [
      bucket,
      from,
      to,
      settlementAssetId,
      points.map(({ assetId }) => assetId),
      points.map(({ ownerId }) => ownerId),
    ],
  });
  return rows;
}

/** A row that moved positions, and how much of its transaction has been reversed. */
export interface EffectRow {
  readonly transaction_id: TransactionId;
  readonly kind: string;
  readonly sequence: bigint;
  readonly asset_id: number;
  readonly target_asset_id: number | null;
  readonly amount: bigint;
  readonly reversed: bigint;
  readonly owner_ids: readonly OwnerId[];
  readonly moved: readonly bigint[];
}

/**
 * The effect of a transaction on positions; for one that was authorised first, that of the
 * conversion that followed. Undefined when it has moved none.
 */
export async function findEffect(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
  settlementAssetId: number,
): Promise<EffectRow | undefined> {
  const { rows } = await db.query<EffectRow>({
    name: 'settlement-find-effect',
    text: `with named as materialized (select * from ledger.transaction
        where bucket = $1 and transaction_id = $2 and leg = 0),
           moving as (
             select * from named where kind <> 'authorise'
             union all
             select t.* from named n join ledger.transaction t on t.bucket = $1
               and t.member_id = n.member_id and t.sequence > n.sequence
                    and t.related_id = n.transaction_id and t.kind = 'conversion' and t.leg = 0
              where n.kind = 'authorise')
           select m.transaction_id, m.kind, m.sequence, m.asset_id, m.target_asset_id, m.amount,
                  (select coalesce(sum(r.amount), 0)::bigint from ledger.reversal r
                    where r.bucket = $1 and r.transaction_id in ($2, m.transaction_id)) as reversed,
                  array_agg(a.owner_id::text) as owner_ids, array_agg(e.amount) as moved
             from moving m
            cross join lateral unnest(m.account_ids, m.amounts) with ordinality as e (account_id,
              amount, position)
             join ledger.account a on a.bucket = $1 and a.account_id = e.account_id
               and a.asset_id = $3 and a.purpose = 'position'
            where coalesce(substr(m.layers, e.position::integer, 1), 'p') = 'p'
            group by 1, 2, 3, 4, 5, 6`,
    values: [bucket, transactionId, settlementAssetId],
  });
  return rows[0];
}

export interface ListedRow {
  readonly bucket: Bucket;
  readonly sequence: bigint;
  readonly transaction_id: TransactionId;
  readonly related_id: TransactionId | null;
  readonly kind: PairKind;
  readonly posted_at: Date;
  readonly asset_id: number;
  /** Null for corrections. */
  readonly target_asset_id: number | null;
  readonly amount: bigint;
  readonly credited: bigint | null;
  readonly moved: bigint;
  /** For a correction: the owner whose position moved the other way. */
  readonly other_owner_id: OwnerId | null;
}

/** Among some rows of a bucket, those that moved a platform's position, without settlements. */
export async function listRows(
  db: Queryable,
  bucket: Bucket,
  from: bigint,
  to: bigint,
  settlementAssetId: number,
  owner: PointsOwner,
  limit: number,
): Promise<ListedRow[]> {
  const { rows } = await db.query<ListedRow>({
    name: 'settlement-list-rows',
    text: `select t.bucket, t.sequence, t.transaction_id, t.related_id, t.kind, t.posted_at,
        t.asset_id, t.target_asset_id, t.amount, t.credited,
        (${MOVED('a.account_id')})::bigint as moved,
                  case when t.kind = 'adjust' then (
                    select o.owner_id from unnest(t.account_ids) as e (account_id)
                      join ledger.account o on o.bucket = $1 and o.account_id = e.account_id
                        and o.asset_id = $4 and o.purpose = 'position' and o.owner_id <> $5
                        limit 1) end as other_owner_id
             from ledger.account a
             join ledger.transaction t on t.bucket = $1 and a.account_id = any(t.account_ids)
            where a.bucket = $1 and a.owner_id = $5 and a.asset_id = $4 and a.purpose = 'position'
              and t.sequence > $2 and t.sequence <= $3 and t.leg = 0
                and t.kind in ('conversion', 'reverse', 'adjust')
            order by t.sequence limit $6`,
    values: [bucket, from, to, settlementAssetId, owner.ownerId, limit],
  });
  return rows;
}
