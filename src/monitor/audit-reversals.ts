// Checks of partial reversals, and of points that lapsed before they were taken back. They use the
// rows only, with arithmetic of their own.

import type { Check } from './audit-check.ts';

/** The last row of the bucket that was posted under the former rules; 0 if there is none. */
const FORMER = `
  coalesce((select through_sequence from ledger.former_reversals where bucket = $1), 0)`;

/** SQL for the posted entries of a row. */
function posted(row: string): string {
  return `(select u.account_id, u.amount
             from unnest(${row}.account_ids, ${row}.amounts)
                  with ordinality u (account_id, amount, position)
            where coalesce(substr(${row}.layers, u.position::integer, 1), 'p') = 'p')`;
}

/**
 * For each share of a conversion that was reversed at least in part: what is kept of it, and the
 * share of the rest, rounded down and up. `former`: no part was reversed since parts stopped
 * rounding down.
 */
const SHARES = `
  with original as materialized (
    select t.*
      from (select distinct transaction_id from ledger.reversal where bucket = $1) r
     cross join lateral (
       select * from ledger.transaction t
        where t.bucket = $1 and t.transaction_id = r.transaction_id and t.leg = 0
          and t.kind = 'conversion' offset 0) t),
  reversing as materialized (
    select r.transaction_id as of, r.amount as part, t.*
      from ledger.reversal r
     cross join lateral (
       select * from ledger.transaction t
        where t.bucket = $1 and t.transaction_id = r.reversal_id and t.leg = 0 offset 0) t
     where r.bucket = $1),
  back as materialized (
    select of as transaction_id, sum(part::numeric) as reversed,
           sum(credited::numeric) as credited, sum(fee::numeric) as fee
      from reversing group by 1),
  money as (
    select m.of, a.account_id, sum(m.amount::numeric * m.sign) as moved,
           -sum(m.amount::numeric * (1 - m.sign)) as back
      from (select o.transaction_id as of, 1 as sign, e.account_id, e.amount
              from original o cross join lateral ${posted('o')} e
             union all
            select r.of, 0, e.account_id, e.amount
              from reversing r cross join lateral ${posted('r')} e) m
     cross join lateral (
       select account_id from ledger.account a
        where a.bucket = $1 and a.account_id = m.account_id and a.purpose = 'position' offset 0) a
     group by 1, 2),
  share as (
    select o.transaction_id, s.share, s.whole, s.back from original o
      join back b using (transaction_id)
     cross join lateral (values
       ('credited', coalesce(o.credited, 0)::numeric, coalesce(b.credited, 0)),
       ('fee', coalesce(o.fee, 0), coalesce(b.fee, 0))) s (share, whole, back)
     union all
    select of, case when moved < 0 then 'owed' else 'due' end, abs(moved),
           case when moved < 0 then -back else back end
      from money where of in (select transaction_id from original)),
  kept as (
    select o.sequence, o.transaction_id, o.amount, b.reversed, s.share, s.whole,
           s.whole - s.back as kept, f.amount is not null as former,
           div(s.whole * (o.amount - b.reversed), nullif(o.amount, 0)) as rounded_down,
           div(s.whole * (o.amount - b.reversed) + o.amount - 1, nullif(o.amount, 0))
             as rounded_up
      from share s
      join original o using (transaction_id)
      join back b using (transaction_id)
      left join ledger.floored_reversal f
        on f.bucket = $1 and f.transaction_id = o.transaction_id and f.amount = b.reversed)`;

/**
 * How much of which lot lapsed; negative where a reversal states that it took points out of the
 * expired ones. Text in another form must not end the audit.
 */
const LAPSES = `
  with stated as materialized (
    select t.sequence, split_part(one, ':', 1)::bigint as account_id,
           split_part(one, ':', 2)::bigint as amount
      from ledger.transaction t
     cross join lateral unnest(string_to_array(t.details ->> 'from_expired', ',')) one
     where t.bucket = $1 and t.kind = 'reverse' and t.details ? 'from_expired'
       and case when one ~ '^[0-9]{1,18}:[0-9]{1,18}$' then true else false end),
  lapse as materialized (
    select e.sequence, e.account_id, -e.amount as amount
      from ledger.entry e
      join ledger.account a on a.bucket = $1 and a.account_id = e.account_id and a.purpose = 'lot'
     where e.bucket = $1 and e.kind = 'expire' and e.layer = 'p'
     union all
    select sequence, account_id, -amount from stated)`;

/**
 * Reversals that took too little from a lot: the points had been credited to this lot, some of it
 * had lapsed and was not taken yet, and so the member or the platform paid a second time. A freeze
 * is taken first wherever it lies, and its end may move points to later lots; so reversals of
 * points that were ever frozen prove nothing.
 */
const TAKEN_TWICE = `${LAPSES},
  reversing as materialized (
    select sequence, transaction_id, leg, related_id, amount, credited, account_ids, amounts, layers
      from ledger.transaction
     where bucket = $1 and kind = 'reverse'
       and not coalesce(details, '{}') ?| array['frozen_hold', 'frozen_holds']
       and related_id not in (
         select frozen_for from ledger.hold where bucket = $1 and frozen_for is not null)),
  reversal as (
    select v.sequence, v.transaction_id, o.transaction_id as original, l.account_id,
           case o.kind when 'conversion' then v.credited else v.amount end as wanted,
           coalesce((select -sum(e.amount) from ${posted('v')} e
                      where e.account_id = l.account_id and e.amount < 0), 0) as from_lot
      from reversing v
     cross join lateral (
       select * from ledger.transaction o
        where o.bucket = $1 and o.transaction_id = v.related_id and o.leg = v.leg
          and o.kind in ('earn', 'transfer', 'conversion') offset 0) o
     cross join lateral (select min(e.account_id) as account_id, sum(e.amount) as amount,
       count(*) as lots
                           from ${posted('o')} e
                           join ledger.account a
                             on a.bucket = $1 and a.account_id = e.account_id and a.purpose = 'lot'
                          where e.amount > 0) l
     where l.lots = 1 and l.amount = case o.kind when 'conversion' then o.credited
       else o.amount end)
  select r.sequence, r.transaction_id, r.original, r.account_id, r.wanted, r.from_lot, s.lapsed
    from reversal r
   cross join lateral (
     select sum(l.amount) as lapsed from lapse l
      where l.account_id = r.account_id and l.sequence <= r.sequence) s
   where r.from_lot < r.wanted and s.lapsed > 0`;

/** Checks of partial reversals and lapsed points. */
export const reversalChecks: readonly Check[] = [
  {
    invariant: 3,
    name: 'reversal_shares',
    scope: 'bucket',
    meaning:
      'After a partial reversal of a conversion, the receiver, the fee and the target platform ' +
      'keep at most their share of the rest, and the source platform owes at least its share.',
    sql: `${SHARES}
      select sequence, transaction_id, share, whole, amount, reversed, kept, rounded_down,
        rounded_up from kept
       where not case share
               when 'owed' then kept = rounded_up
               when 'due' then kept >= 0
                 and (kept <= rounded_down or (former and kept = rounded_up))
               else kept = rounded_down or (former and kept = rounded_up) end
       order by 1, 3`,
  },
  {
    invariant: 3,
    name: 'settled_within_original',
    scope: 'network',
    meaning:
      'The reversals of a transaction plus the adjustments by disputes over it are at most its ' +
      'amount.',
    sql: `
      select d.bucket, d.transaction_id, t.amount, sum(a.amount) as adjusted, r.amount as reversed
        from clearing.dispute d
        join ledger.transaction a on a.bucket = d.bucket and a.transaction_id = d.resolution_id
                                 and a.leg = 0 and a.kind = 'adjust'
        join ledger.transaction t on t.bucket = d.bucket and t.transaction_id = d.transaction_id
                                 and t.leg = 0
       cross join lateral (
         select coalesce(sum(amount), 0) as amount from ledger.reversal r
          where r.bucket = d.bucket and r.transaction_id = d.transaction_id) r
       where d.state = 'upheld' and d.resolution = 'adjustment'
       group by 1, 2, 3, 5 having sum(a.amount) + r.amount > t.amount
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'lapsed_taken_once',
    scope: 'bucket',
    meaning:
      'Points that a reversal takes out of the expired ones lapsed before, pass through the ' +
      'lots that they lapsed from, and are as many as its row states.',
    sql: `${LAPSES},
      moved as materialized (
        select e.sequence, e.account_id, a.asset_id, a.purpose,
               sum(e.amount) filter (where e.amount > 0) as came,
               -sum(e.amount) filter (where e.amount < 0) as went
          from ledger.entry e
          join ledger.account a
            on a.bucket = $1 and a.account_id = e.account_id and a.purpose in ('lot', 'expired')
         where e.bucket = $1 and e.layer = 'p' and e.kind = 'reverse' group by 1, 2, 3, 4)
      select sequence, account_id, amount, still as told from (
        select *, sum(amount) over (
                    partition by account_id order by sequence rows unbounded preceding) as still
          from lapse) running
       where still < 0
       union all
      select s.sequence, s.account_id, s.amount, m.came from stated s
        left join moved m
          on m.sequence = s.sequence and m.account_id = s.account_id and m.purpose = 'lot'
       where m.came is null or m.went is null or least(m.came, m.went) < s.amount
       union all
      select coalesce(m.sequence, s.sequence), m.account_id, m.went, s.amount
        from (select * from moved where purpose = 'expired') m
        full join (select sequence, sum(amount) as amount from stated group by 1) s
          on s.sequence = m.sequence
       where m.went is distinct from s.amount
       order by 1`,
  },
  {
    invariant: 3,
    name: 'lapsed_not_taken_again',
    scope: 'bucket',
    meaning:
      'A reversal never takes points from a member or its platform that have lapsed in the ' +
      'credited lot.',
    sql: `select * from (${TAKEN_TWICE}) as twice where sequence > ${FORMER} order by sequence`,
  },
];

/**
 * Reversals from before these rules. They are not errors, but only an operator can correct them.
 */
export const reversalRemarks: readonly Check[] = [
  {
    invariant: 3,
    name: 'former_rounding',
    scope: 'bucket',
    meaning:
      'These conversions were reversed in parts when parts rounded down. One side keeps a minor ' +
      'unit more than its share until the next part is reversed.',
    sql: `${SHARES}
      select sequence, transaction_id, share, whole, amount, reversed, kept, rounded_down from kept
       where former and share <> 'owed' and kept > rounded_down order by 1, 3`,
  },
  {
    invariant: 3,
    name: 'former_lapse',
    scope: 'bucket',
    meaning:
      'These reversals were posted when lapsed points were taken back a second time. An ' +
      'adjustment can return as many minor units as had lapsed.',
    sql: `select * from (${TAKEN_TWICE}) as twice where sequence <= ${FORMER} order by sequence`,
  },
];
