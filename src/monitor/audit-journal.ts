// Checks of the journal itself: row numbers, the balance of each row, uniqueness, and the two legs
// of a transaction.

import type { Check } from './audit-check.ts';

/**
 * `bucketOf` of the kernel, written again in SQL: the first four bytes of the id, modulo the number
 * of buckets.
 */
const HOME_OF_MEMBER = `('x' || lpad(left(t.member_id::text, 8), 16, '0'))::bit(64)::bigint %
    n.bucket_count`;

/** Checks of the journal. */
export const journalChecks: readonly Check[] = [
  {
    invariant: 1,
    name: 'entry_arrays',
    scope: 'bucket',
    meaning:
      'The entries of a row are complete: each has an account, an amount, a balance and a layer.',
    sql: `
      select sequence, transaction_id, leg, kind, cardinality(account_ids) as accounts,
        cardinality(amounts) as amounts,
             cardinality(balances) as balances, layers
        from ledger.transaction
       where bucket = $1
         and (cardinality(account_ids) <> cardinality(amounts)
           or cardinality(account_ids) <> cardinality(balances)
              or (layers is not null and (length(layers) <> cardinality(account_ids)
                or layers !~ '^[pdc]*$'))
              or array_position(account_ids, null) is not null
                or array_position(amounts, null) is not null
              or array_position(balances, null) is not null
              or (kind = 'allot' and cardinality(account_ids) > 0)
              or (kind not in ('allot', 'reverse') and cardinality(account_ids) = 0))
       order by sequence`,
  },
  {
    invariant: 1,
    name: 'entries_sum_to_zero',
    scope: 'bucket',
    meaning:
      'In each row, the posted entries of each asset sum to zero, and so do the pending ones.',
    sql: `
      select e.sequence, e.transaction_id, e.leg, e.kind, a.asset_id, case when e.layer = 'p'
        then 'posted' else 'pending' end as layers, sum(e.amount) as sum
        from ledger.entry e join ledger.account a on a.bucket = e.bucket
          and a.account_id = e.account_id
       where e.bucket = $1 and a.bucket = $1
       group by 1, 2, 3, 4, 5, 6 having sum(e.amount) <> 0
       order by 1`,
  },
  {
    invariant: 1,
    name: 'stated_amount',
    scope: 'bucket',
    meaning:
      "The amount and the credited amount of a row are what its entries move on the platform's " +
      'accounts.',
    sql: `
      select t.sequence, t.transaction_id, t.leg, t.kind, t.amount, t.credited, m.issued,
        m.redeemed, m.fee, m.transit, m.expired, m.adjustment, m.pending, m.issued_target,
        m.delivered, m.prefund, m.position
        from ledger.transaction t
       cross join lateral (
         select coalesce(sum(e.amount) filter (where a.purpose = 'issued'
           and a.asset_id = t.asset_id), 0) as issued,
                coalesce(sum(e.amount) filter (where a.purpose = 'redeemed' and e.layer = 'p'),
                  0) as redeemed,
                coalesce(sum(e.amount) filter (where a.purpose = 'redeemed' and e.layer = 'c'),
                  0) as pending,
                coalesce(sum(e.amount) filter (where a.purpose = 'fee' and a.asset_id = t.asset_id),
                  0) as fee,
                coalesce(sum(e.amount) filter (where a.purpose = 'fee'
                  and a.asset_id = t.target_asset_id), 0) as fee_target,
                coalesce(sum(e.amount) filter (where a.purpose = 'transit'), 0) as transit,
                coalesce(sum(e.amount) filter (where a.purpose = 'expired'), 0) as expired,
                coalesce(sum(e.amount) filter (where a.purpose = 'adjustment'), 0) as adjustment,
                coalesce(sum(e.amount) filter (where a.purpose = 'issued'
                  and a.asset_id = t.target_asset_id), 0) as issued_target,
                coalesce(sum(e.amount) filter (where a.purpose = 'delivered'), 0) as delivered,
                -- The owner of the row is the platform itself; its prefund lies in the same bucket.
                coalesce(sum(e.amount) filter (where a.purpose = 'prefund'
                  and a.owner_id = t.member_id and a.asset_id = t.asset_id), 0) as prefund,
                coalesce(sum(e.amount) filter (where a.purpose in ('position', 'rounding')
                  and a.owner_id = t.member_id and a.asset_id = t.asset_id), 0) as position,
                count(*) filter (where a.purpose = 'prefund') as prefunds
           from unnest(t.account_ids, t.amounts) with ordinality as u (account_id, amount, position)
          cross join lateral (select u.amount, coalesce(substr(t.layers, u.position::integer, 1),
            'p') as layer) e
           join ledger.account a on a.bucket = $1 and a.account_id = u.account_id) m
       where t.bucket = $1
         and (m.prefunds > case when t.kind in ('deposit', 'withdraw', 'settle') then 1 else 0 end
           or case t.kind
               when 'deposit' then m.prefund <> t.amount
               when 'withdraw' then m.prefund <> -t.amount
               when 'settle' then m.position <> -t.amount or m.prefund <> case t.details ->> 'from'
                 when 'prefund' then t.amount else 0 end
               when 'earn' then m.issued <> -t.amount
               when 'clawback' then m.issued <> t.amount
               when 'adjust' then m.adjustment <> -t.amount
               when 'expire' then m.expired <> t.amount
               when 'redeem' then m.redeemed <> t.amount or m.delivered is distinct from t.credited
               when 'capture' then m.redeemed <> t.amount
               when 'hold' then m.pending <> t.amount
               -- When it ends a review, the same amount was pending before it.
               when 'authorise' then m.pending <> case when t.related_id is null then t.amount
                 else 0 end
               when 'release' then m.pending <> -t.amount
               when 'transfer' then m.transit <> case t.leg when 0 then t.amount else -t.amount end
               when 'conversion' then
                 (t.leg = 0 and m.redeemed + m.fee <> t.amount)
                 or ((t.leg = 1 or t.counterparty_id is null or exists (select from ledger.asset x
                   where x.asset_id = t.target_asset_id and x.custody = 'connected'))
                   and -m.issued_target - m.fee_target is distinct from t.credited)
               when 'reverse' then exists (select from ledger.asset x
                 where x.asset_id = t.target_asset_id and x.kind = 'points')
                 and ((t.leg = 0 and m.redeemed + m.fee <> -t.amount)
                   or ((t.leg = 1 or t.counterparty_id is null or exists (select from ledger.asset x
                     where x.asset_id = t.target_asset_id and x.custody = 'connected'))
                     and m.issued_target + m.fee_target is distinct from t.credited))
               when 'allot' then false
               else true
             end)
       order by t.sequence`,
  },
  {
    invariant: 5,
    name: 'transaction_once',
    scope: 'bucket',
    meaning:
      'Each (platform, member, idempotency key) has one transaction: no two rows have the same ' +
      'id and leg.',
    sql: `
      select transaction_id, leg, count(*) as rows, min(sequence) as first_sequence,
        max(sequence) as last_sequence
        from ledger.transaction where bucket = $1
       group by transaction_id, leg having count(*) > 1
       order by 4`,
  },
  {
    invariant: 5,
    name: 'row_in_home_bucket',
    scope: 'bucket',
    meaning:
      'A row lies in the bucket of its member, and a first leg lies in the bucket that its id ' +
      'names. In another bucket a key could be used twice.',
    sql: `
      select t.sequence, t.transaction_id, t.leg, t.kind, t.member_id, ${HOME_OF_MEMBER} as home
        from ledger.transaction t cross join ledger.network n
       where t.bucket = $1
         and (t.leg not in (0, 1)
              or (t.leg = 0 and ('x' || left(t.transaction_id::text, 4))::bit(16)::integer <>
                t.bucket)
              or (t.kind <> 'allot' and ${HOME_OF_MEMBER} <> t.bucket))
       order by t.sequence`,
  },
  {
    invariant: 5,
    name: 'legs_belong_together',
    scope: 'network',
    meaning:
      'A transaction between two members has two legs that name each other and have the same ' +
      'kind, amount and asset.',
    sql: `
      select transaction_id, count(*) as legs, min(leg) as first_leg, max(leg) as last_leg,
        min(kind) as kind, min(amount) as amount_from, max(amount) as amount_to
        from ledger.transaction t
       -- A transfer to a connected platform has no second leg, because it moves no account of the
    -- other member here.
       where (counterparty_id is not null and kind not in ('hold', 'authorise')
              and not exists (select from ledger.asset x
                where x.asset_id = t.target_asset_id and x.custody = 'connected')) or leg <> 0
       group by transaction_id
      having count(*) <> 2 or min(leg) <> 0 or max(leg) <> 1 or min(kind) <> max(kind)
        or min(amount) <> max(amount)
          or min(asset_id) <> max(asset_id) or min(fingerprint) <> max(fingerprint)
          or max(member_id::text) filter (where leg = 0) is distinct
            from max(counterparty_id::text) filter (where leg = 1)
          or max(member_id::text) filter (where leg = 1) is distinct
            from max(counterparty_id::text) filter (where leg = 0)
       order by 1`,
  },
  {
    invariant: 2,
    name: 'transit_of_legs',
    scope: 'network',
    meaning:
      'Points that leave one member through transit arrive at the other in the same transaction.',
    sql: `
      select e.transaction_id, a.asset_id, sum(e.amount) as left_in_transit
        from ledger.entry e join ledger.account a on a.bucket = e.bucket
          and a.account_id = e.account_id
       where e.kind in ('transfer', 'reverse') and a.purpose = 'transit'
       group by 1, 2 having sum(e.amount) <> 0
       order by 1`,
  },
  {
    invariant: 6,
    name: 'sequence_gap',
    scope: 'bucket',
    meaning: 'The rows of a bucket are numbered 1, 2, 3 … without a gap or a repetition.',
    sql: `
      select sequence, previous from (
        select sequence, lag(sequence, 1, 0::bigint) over (order by sequence) as previous
          from ledger.transaction where bucket = $1) as numbered
       where sequence <> previous + 1
       order by sequence`,
  },
  {
    invariant: 6,
    name: 'bucket_sequence',
    scope: 'bucket',
    meaning: 'The sequence of a bucket is the number of its last row.',
    sql: `
      select $1::integer as bucket, b.sequence, t.last
        from (select coalesce(max(sequence), 0) as last from ledger.transaction where bucket = $1) t
        left join ledger.bucket b on b.bucket = $1
       where b.sequence is distinct from t.last`,
  },
  {
    invariant: 6,
    name: 'buckets_of_network',
    scope: 'network',
    meaning:
      'The network has exactly the buckets 0 to bucket_count − 1, and no row or account lies ' +
      'in another.',
    sql: `
      select coalesce(expected.bucket, found.bucket) as bucket,
        expected.bucket is null as superfluous
        from (select generate_series(0, bucket_count - 1) as bucket from ledger.network) expected
        full join (select bucket from ledger.bucket
                   union select bucket from ledger.transaction union select bucket
                     from ledger.account) found using (bucket)
       where expected.bucket is null or not exists (select from ledger.bucket b
         where b.bucket = expected.bucket)
       order by 1`,
  },
];
