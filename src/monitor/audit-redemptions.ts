// Checks of redemptions: vouchers count the units that the journal has delivered, and no unit is
// both returned and usable.

import type { Check } from './audit-check.ts';

/** SQL for the bucket at the beginning of a transaction id. */
const BUCKET_OF = (id: string): string => `('x' || substr(${id}::text, 1, 4))::bit(16)::integer`;

/**
 * Reversals of redeems. A reversal that the journal's reader has not reached, or that is in
 * progress, is not taken off the vouchers yet.
 */
const RETURNS = `
  select t.related_id as redemption_id, t.transaction_id as reversal_id,
    coalesce(t.credited, 0) as units, t.amount,
         u.units as noted_units, u.amount as noted_amount,
         u.reversal_id is not null
           or not (t.sequence > coalesce(c.sequence, 0) or r.state = 'cancelling') as counted
    from ledger.transaction t
    join rewards.redemption r on r.redemption_id = t.related_id
    left join rewards.unit_return u on u.reversal_id = t.transaction_id
      and u.redemption_id = t.related_id
    left join rewards.cursor c on c.bucket = t.bucket
   where t.kind = 'reverse' and t.leg = 0`;

/** Redeems of rewards in the catalogue. */
const REDEEMS = `
  select t.bucket, t.sequence, t.transaction_id, t.member_id, t.amount, t.credited as units,
    x.asset_id, x.platform_id,
         substr(x.code, length('reward:' || x.platform_id || '/') + 1) as reward_id
    from ledger.transaction t
    join ledger.asset x on x.asset_id = t.target_asset_id
      and starts_with(x.code, 'reward:' || x.platform_id || '/')
   where t.kind = 'redeem' and t.leg = 0`;

const COUNTS = `
  select redemption_id, count(*) as vouchers, sum(units) as units, sum(usable) as usable,
    sum(fulfilled) as fulfilled,
         sum(returned) as returned, sum(part_returned) as part_returned, min(unit) as first,
           max(unit) as last
    from rewards.voucher group by 1`;

/** Checks of redemptions and vouchers. */
export const redemptionChecks: readonly Check[] = [
  {
    invariant: 8,
    name: 'redemption_units',
    scope: 'bucket',
    meaning:
      'For each redemption, usable plus fulfilled units (for an expired one, unused plus ' +
      'fulfilled) are the delivered units less those returned in the journal. ' +
      'A unit that was returned in part, as older versions allowed, is neither.',
    sql: `
      with redeem as (select * from (${REDEEMS}) as all_redeems where bucket = $1),
           back as (select redemption_id, sum(units) as units, sum(amount) as amount,
             bool_or(units is distinct from noted_units or amount is distinct
             from noted_amount) as unlike
                      from (${RETURNS} and t.bucket = $1) as reversal where counted group by 1),
           redemption as (select * from rewards.redemption where ${BUCKET_OF('redemption_id')} = $1)
      select coalesce(r.redemption_id, t.transaction_id) as redemption_id, r.state,
        t.units as delivered, b.units as returned,
             v.usable, v.fulfilled, v.part_returned, r.amount, t.amount as paid, r.given_back,
               b.amount as returned_points
        from redeem t
        full join redemption r on r.redemption_id = t.transaction_id
        left join (${COUNTS}) v on v.redemption_id = r.redemption_id
        left join back b on b.redemption_id = r.redemption_id
        left join rewards.cursor c on c.bucket = $1
       where case when r.redemption_id is null then t.sequence <= c.sequence
                  else t.transaction_id is null or r.quantity <> t.units or r.amount <> t.amount
                    or r.member_id <> t.member_id
                       or r.platform_id <> t.platform_id or r.reward_id <> t.reward_id
                       or v.usable + v.fulfilled + v.part_returned is distinct
                         from t.units - coalesce(b.units, 0)
                       or r.given_back <> coalesce(b.amount, 0) or coalesce(b.unlike, false) end
       order by 1`,
  },
  {
    invariant: 8,
    name: 'redemption_within_paid',
    scope: 'bucket',
    meaning:
      'For each redemption, the returned points plus the price of the units that can still be ' +
      'used are at most what was paid.',
    sql: `
      select t.transaction_id as redemption_id, r.state, t.units, t.amount as paid,
        b.amount as returned_points, v.usable
        from (${REDEEMS}) as t
        join rewards.redemption r on r.redemption_id = t.transaction_id
        join (${COUNTS}) v on v.redemption_id = r.redemption_id
        join (select redemption_id, sum(amount) as amount
          from (${RETURNS} and t.bucket = $1) as reversal where counted
          group by 1) b on b.redemption_id = r.redemption_id
       where t.bucket = $1 and r.state in ('issued', 'expired')
         and b.amount::numeric * t.units + t.amount::numeric * v.usable > t.amount::numeric *
         t.units
       order by 1`,
  },
  {
    invariant: 8,
    name: 'reward_units',
    scope: 'network',
    meaning:
      'For each reward, the units of its vouchers equal its account of delivered units, except ' +
      "for rows that the journal's reader has not reached.",
    sql: `
      with kept as (
        select r.platform_id, r.reward_id, sum(v.usable + v.fulfilled + v.part_returned) as units
          from rewards.voucher v join rewards.redemption r using (redemption_id) group by 1, 2),
      unread as (
        select platform_id, reward_id, sum(units) as units from (
          select t.platform_id, t.reward_id, t.units from (${REDEEMS}) as t
           where not exists (select from rewards.redemption r
             where r.redemption_id = t.transaction_id)
          union all
          select r.platform_id, r.reward_id, -b.units from (${RETURNS}) as b
            join rewards.redemption r using (redemption_id) where not b.counted
          union all
          select t.platform_id, t.reward_id, -coalesce(b.credited, 0) from (${REDEEMS}) as t
            join ledger.transaction b on b.related_id = t.transaction_id and b.kind = 'reverse'
              and b.leg = 0 and b.bucket = t.bucket
           where not exists (select from rewards.redemption r
             where r.redemption_id = t.transaction_id)) as one group by 1, 2),
      delivered as (
        select x.platform_id,
          substr(x.code, length('reward:' || x.platform_id || '/') + 1) as reward_id,
          sum(a.credits_posted::numeric - a.debits_posted) as units
          from ledger.account a join ledger.asset x using (asset_id)
         where a.purpose = 'delivered' and starts_with(x.code, 'reward:' || x.platform_id || '/')
           group by 1, 2)
      select coalesce(d.platform_id, k.platform_id) as platform_id,
        coalesce(d.reward_id, k.reward_id) as reward_id,
             coalesce(d.units, 0) as delivered, coalesce(k.units, 0) as counted,
               coalesce(u.units, 0) as not_counted_yet
        from delivered d
        full join kept k on k.platform_id = d.platform_id and k.reward_id = d.reward_id
        left join unread u on u.platform_id = coalesce(d.platform_id, k.platform_id)
          and u.reward_id = coalesce(d.reward_id, k.reward_id)
       where coalesce(d.units, 0) <> coalesce(k.units, 0) + coalesce(u.units, 0)
       order by 1, 2`,
  },
  {
    invariant: 8,
    name: 'voucher_counts',
    scope: 'network',
    meaning:
      'A redemption has one voucher for each unit or one for all. It is issued while a unit can ' +
      'be used, and its fulfilled units are those that its fulfilments name.',
    sql: `
      select r.redemption_id, r.state, r.quantity, v.vouchers, v.units, v.usable, v.fulfilled,
        f.units as handed_over
        from rewards.redemption r
        left join (${COUNTS}) v using (redemption_id)
        left join (select redemption_id, sum(case when part ~ '^0[*][0-9]{1,9}$'
          then substr(part, 3)::bigint else 1 end) as units
                     from rewards.fulfilment f cross
                       join lateral unnest(string_to_array(f.units, ' ')) as part
                       group by 1) f using (redemption_id)
       where v.redemption_id is null or v.units <> r.quantity
          or not ((v.vouchers = 1 and v.first = 0)
            or (v.first = 1 and v.last = r.quantity and v.vouchers = r.quantity))
          or v.fulfilled <> coalesce(f.units, 0)
          or (r.state = 'issued' and v.usable = 0)
            or (r.state = 'fulfilled' and (v.usable > 0 or v.fulfilled = 0))
            or (r.state = 'cancelled' and v.fulfilled > 0)
       order by 1`,
  },
  {
    invariant: 8,
    name: 'voucher_codes_sealed',
    scope: 'network',
    meaning:
      'Each voucher code is stored as a keyed hash only. After an update from a version that ' +
      'stored them in clear, start Pontis once: it seals them.',
    sql: `select redemption_id, unit from rewards.voucher
        where code is not null or length(code_hash) is distinct from 32 order by 1, 2`,
  },
];

/** Findings about redemptions that break no rule of today. */
export const redemptionRemarks: readonly Check[] = [
  {
    invariant: 8,
    name: 'former_delivery',
    scope: 'network',
    meaning:
      'These redemptions were handed over after some of their units had been returned, which ' +
      'older versions allowed. Those units may have been handed over as well.',
    sql: `
      select d.redemption_id, r.platform_id, r.reward_id, d.units
        from rewards.former_delivery d left join rewards.redemption r using (redemption_id)
          order by 1`,
  },
];
