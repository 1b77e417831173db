// Checks of settlement: windows cut the journal without a gap or overlap, their sums equal the raw
// rows, and each obligation is paid once.

import type { Check } from './audit-check.ts';

/**
 * The owner of a participant's position, derived again in SQL, so that a wrong derivation in the
 * program is found.
 */
const OWNERS = `
  select '@network' as participant,
    substr(encode(sha256(convert_to('subject/network', 'UTF8')), 'hex'), 1, 32)::uuid as owner_id
   union all
  select platform_id, substr(encode(sha256(convert_to('platform/' || platform_id, 'UTF8')), 'hex'),
    1, 32)::uuid from ledger.asset where kind = 'points'`;

/**
 * The journal's payments for windows, with the part of the obligation that each one pays. Text that
 * is not a number counts as none.
 */
const PAYING = `
  select t.transaction_id, t.member_id, t.amount, t.posted_at, t.details ->> 'basis' as basis,
         case when t.details ->> 'window_id' ~ '^[0-9]{1,9}$'
           then (t.details ->> 'window_id')::integer end as window_id,
         case when not t.details ? 'part' then 1 when t.details ->> 'part' ~ '^[0-9]{1,9}$'
           then (t.details ->> 'part')::integer end as part
    from ledger.transaction t where t.kind = 'settle' and t.details ? 'window_id'`;

/**
 * What the rows of each window moved on positions and on the network's rounding, one range of the
 * journal at a time.
 */
const MOVED = `
  select c.window_id, a.owner_id,
         coalesce(sum(e.amount::numeric) filter (where t.kind not in ('settle', 'deposit',
           'withdraw')), 0) as net,
         coalesce(sum(e.amount::numeric) filter (where t.kind in ('settle', 'deposit', 'withdraw')),
           0) as paid
    from clearing.window_cut c
   cross join lateral (
     select * from ledger.transaction r where r.bucket = c.bucket and r.sequence > c.from_sequence
       and r.sequence <= c.to_sequence offset 0) t
   cross join lateral unnest(t.account_ids, t.amounts) with ordinality as e (account_id, amount,
     position)
    join ledger.account a on a.bucket = c.bucket and a.account_id = e.account_id
      and a.purpose in ('position', 'rounding')
   where coalesce(substr(t.layers, e.position::integer, 1), 'p') = 'p'
   group by 1, 2`;

/** Checks of settlement windows. */
export const settlementChecks: readonly Check[] = [
  {
    invariant: 6,
    name: 'window_numbers',
    scope: 'network',
    meaning: 'Settlement windows are numbered without a gap, and only the last one is open.',
    sql: `
      select window_id, state, number from (
        select window_id, state, row_number() over (order by window_id) as number,
          max(window_id) over () as last from clearing.settlement_window) w
       where window_id <> number or (state = 'open') <> (window_id = last)
       order by 1`,
  },
  {
    invariant: 6,
    name: 'window_cuts_follow',
    scope: 'network',
    meaning:
      'In each bucket, each closed window begins where the one before ended, and ends at an ' +
      'existing row: every row is in one window.',
    sql: `
      select w.window_id, b.bucket, c.from_sequence, c.to_sequence, p.to_sequence as previous_end,
        b.sequence
        from clearing.settlement_window w
       cross join ledger.bucket b
        left join clearing.window_cut c on c.window_id = w.window_id and c.bucket = b.bucket
        left join clearing.window_cut p on p.window_id = w.window_id - 1 and p.bucket = b.bucket
       where (w.state <> 'open'
         and (c.bucket is null or c.from_sequence <> coalesce(p.to_sequence, 0)
         or c.to_sequence < c.from_sequence or c.to_sequence > b.sequence))
          or (w.state = 'open' and c.bucket is not null)
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'window_nets_equal_rows',
    scope: 'network',
    meaning:
      "A window's nets and payments are what its rows moved on the positions. The nets sum to " +
      'zero, and each position opens with the closing of the window before.',
    sql: `
      select coalesce(n.window_id, m.window_id) as window_id,
        coalesce(n.participant, o.participant, m.owner_id::text) as participant,
             n.net, coalesce(m.net, 0) as rows_net, n.paid, coalesce(m.paid, 0) as rows_paid,
               n.opening, p.closing as closed_before
        from clearing.window_net n
        join (${OWNERS}) o using (participant)
        full join (${MOVED}) m on m.window_id = n.window_id and m.owner_id = o.owner_id
        left join clearing.window_net p on p.window_id = n.window_id - 1
          and p.participant = n.participant
       where (n.window_id is null and (m.net <> 0 or m.paid <> 0)) or n.net <> coalesce(m.net, 0)
         or n.paid <> coalesce(m.paid, 0)
          or n.opening <> coalesce(p.closing, 0) or n.opening::numeric + n.net + n.paid <> n.closing
       union all
      select window_id, 'all', sum(net), 0, null, null, null, null from clearing.window_net
        group by 1 having sum(net) <> 0
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'window_pairs_equal_nets',
    scope: 'network',
    meaning:
      'The pairs of a counted window sum to its nets. A window with a recorded mismatch is ' +
      'reported here.',
    sql: `
      with by_pair as (
        select window_id, source_platform as participant, -sum(owed::numeric) as amount
          from clearing.window_pair group by 1, 2
         union all
        select window_id, target_platform, sum(due::numeric) from clearing.window_pair group by 1, 2
         union all
        select window_id, '@network', sum(owed::numeric - due) from clearing.window_pair
          group by 1),
      sums as (select window_id, participant, sum(amount) as amount from by_pair group by 1, 2)
      select coalesce(n.window_id, s.window_id) as window_id,
        coalesce(n.participant, s.participant) as participant, n.net, s.amount as pairs, w.mismatch
        from clearing.window_net n
        full join sums s on s.window_id = n.window_id and s.participant = n.participant
        join clearing.settlement_window w on w.window_id = coalesce(n.window_id, s.window_id)
       where w.mismatch is not null
         or (w.counted_at is not null and coalesce(n.net, 0) <> coalesce(s.amount, 0))
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'carve_outs_return',
    scope: 'network',
    meaning:
      'No more of a disputed transaction returns than was left out, and when all of it has ' +
      'returned, its effects equal those that were left out.',
    sql: `
      select row_id, transaction_id, sum(case direction when 'out' then amount
        else -amount::numeric end) as left_out,
             sum(case direction when 'out' then source_effect
               else -source_effect::numeric end) as source_left_out,
             sum(case direction when 'out' then target_effect
               else -target_effect::numeric end) as target_left_out
        from clearing.window_carve_out group by 1, 2
      having sum(case direction when 'out' then amount else -amount::numeric end) < 0
          or (sum(case direction when 'out' then amount else -amount::numeric end) = 0
              and (sum(case direction when 'out' then source_effect
                else -source_effect::numeric end) <> 0 or sum(case direction when 'out'
                then target_effect else -target_effect::numeric end) <> 0))
       order by 1`,
  },
  {
    invariant: 3,
    name: 'obligations_follow_nets',
    scope: 'network',
    meaning:
      "A participant's obligations in a window sum to its net, less what was left out, plus " +
      'what returned, less what was carried over to a later window, plus what was carried over ' +
      'from earlier ones. In an aborted window they sum to zero, and a settled window has no ' +
      'unpaid obligation.',
    sql: `
      with moved as (
        select window_id, participant, net::numeric as amount from clearing.window_net
         union all
        select window_id, source_platform, case direction when 'out' then -source_effect
          else source_effect end from clearing.window_carve_out
         union all
        select window_id, target_platform, case direction when 'out' then -target_effect
          else target_effect end from clearing.window_carve_out
         union all
        select window_id, '@network', case direction when 'out' then source_effect + target_effect
          else -source_effect - target_effect end from clearing.window_carve_out
         union all
        select window_id, participant, -amount from clearing.carried_over
         union all
        select to_window_id, participant, amount from clearing.carried_over),
      due as (
        select m.window_id, m.participant, case w.state when 'aborting' then 0
          else sum(m.amount) end as amount
          from moved m join clearing.settlement_window w using (window_id) group by 1, 2, w.state),
      owed as (select window_id, participant, sum(amount) as amount,
        count(*) filter (where state <> 'paid') as unpaid from clearing.obligation group by 1, 2)
      select w.window_id, w.state, coalesce(d.participant, o.participant) as participant,
        d.amount as due, o.amount as obligations, o.unpaid
        from due d
        full join owed o on o.window_id = d.window_id and o.participant = d.participant
        join clearing.settlement_window w on w.window_id = coalesce(d.window_id, o.window_id)
       where w.state in ('proposed', 'settling', 'aborting', 'settled')
         and (coalesce(d.amount, 0) <> coalesce(o.amount, 0)
         or (w.state = 'settled' and o.unpaid > 0))
       order by 1, 3`,
  },
  {
    invariant: 5,
    name: 'obligation_paid_once',
    scope: 'network',
    meaning:
      'Each posted part of an obligation is one settlement in the journal with the same ' +
      'participant and amount, and each settlement of a window is one part. A paid obligation ' +
      'is the sum of its parts. Payments for an obligation that no longer exists were returned.',
    sql: `
      with paying as (${PAYING}),
      paid as (
        select window_id, participant, basis, sum(amount::numeric) as amount
          from clearing.part_payment where state = 'posted' group by 1, 2, 3)
      select coalesce(p.window_id, t.window_id) as window_id,
        coalesce(p.participant, w.participant) as participant, coalesce(p.basis, t.basis) as basis,
             coalesce(p.number, t.part) as part, p.amount, t.amount as transaction_amount,
               coalesce(p.transaction_id, t.transaction_id) as transaction_id
        from (select * from clearing.part_payment where amount <> 0) p
        join (${OWNERS}) o using (participant)
        full join (paying t join (${OWNERS}) w on w.owner_id = t.member_id)
               on t.window_id = p.window_id and w.participant = p.participant and t.basis = p.basis
                 and t.part = p.number
       where p.window_id is null or t.amount <> p.amount
         or (p.state = 'posted'
         and (t.transaction_id is null or t.transaction_id <> p.transaction_id))
       union all
      select window_id, participant, basis, null, o.amount, p.amount, o.transaction_id
        from clearing.obligation o full join paid p using (window_id, participant, basis)
       where (o.window_id is null and p.amount <> 0)
          or (o.state = 'paid' and (o.amount <> coalesce(p.amount, 0) or not exists (
               select from clearing.part_payment q
                where q.window_id = o.window_id and q.participant = o.participant
                  and q.basis = o.basis and q.transaction_id = o.transaction_id)))
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'paid_out_of_paid_in',
    scope: 'network',
    meaning:
      'No more was paid out for a window than was paid in for it. For a settled window both are ' +
      'equal.',
    sql: `
      select t.window_id, w.state, coalesce(-sum(t.amount::numeric) filter (where t.amount < 0),
        0) as paid_in, coalesce(sum(t.amount::numeric) filter (where t.amount > 0), 0) as paid_out
        from (${PAYING}) t
        left join clearing.settlement_window w using (window_id)
       group by 1, 2 having sum(t.amount::numeric) > 0
         or (w.state = 'settled' and sum(t.amount::numeric) <> 0)
       order by 1`,
  },
  {
    invariant: 3,
    name: 'paid_out_pro_rata',
    scope: 'network',
    meaning:
      'In each distribution, each participant has its exact share of the total, and remainders ' +
      'go to the largest claims. The recorded earlier payments are those that were posted ' +
      'before.',
    sql: `
      with share as (
        select window_id, round, participant, basis, number, claim::numeric as claim,
          paid_before::numeric as before, paid_before::numeric + amount as has,
               sum(paid_before::numeric + amount) over same as total,
                 sum(claim::numeric) over same as claims,
               row_number() over (partition by window_id, round
                 order by claim desc, participant collate "C", basis collate "C") as rank
          from clearing.part_payment where round is not null
        window same as (partition by window_id, round)),
      exact as (
        select *, div(total * claim, claims) as floor,
          total - sum(div(total * claim, claims)) over (partition by window_id, round) as left_over
          from share)
      select e.window_id, e.round, e.participant, e.basis, e.claim, e.has, e.floor + case
        when e.rank <= e.left_over then 1 else 0 end as share, e.before, p.paid as posted_before
        from exact e
       cross join lateral (
         select greatest(coalesce(sum(b.amount::numeric), 0), 0) as paid
           from clearing.part_payment b
          where b.window_id = e.window_id and b.participant = e.participant and b.basis = e.basis
            and b.number < e.number) p
       where e.has <> e.floor + case when e.rank <= e.left_over then 1 else 0 end
         or e.before <> p.paid
       order by 1, 2, 3`,
  },
  {
    invariant: 3,
    name: 'carried_over_once',
    scope: 'network',
    meaning:
      'When a platform is left out, the amounts carried over sum to zero, go to one window that ' +
      'was open at that time, and were approved by two operators.',
    sql: `
      select c.act_id, c.window_id, c.left_out, sum(c.amount::numeric) as sum,
        min(c.to_window_id) as to_window_id, max(c.to_window_id) as other_window_id,
        count(a.act_id) as acts
        from clearing.carried_over c
        left join clearing.settlement_window w on w.window_id = c.to_window_id
          and w.opened_at <= c.carried_at and (w.closed_at is null or w.closed_at >= c.carried_at)
        left join clearing.settlement_act a on a.act_id = c.act_id and a.window_id = c.window_id
          and a.kind = 'leave_out' and a.state = 'approved' and a.participants = array[c.left_out]
       group by 1, 2, 3
      having sum(c.amount::numeric) <> 0 or count(distinct c.to_window_id) <> 1
        or count(w.window_id) <> count(*) or count(a.act_id) <> count(*)
       order by 1, 2`,
  },
  {
    invariant: 4,
    name: 'prefund_covers_closed_windows',
    scope: 'network',
    meaning:
      'After each requested withdrawal, the prefund covers what the platform owed for closed ' +
      'windows that were not paid.',
    sql: `
      with withdrawn as (
        select o.participant, t.transaction_id, t.posted_at, e.balance as left_over
          from ledger.transaction t
          join (${OWNERS}) o on o.owner_id = t.member_id
         cross join lateral unnest(t.account_ids, t.balances) as e (account_id, balance)
          join ledger.account a on a.bucket = t.bucket and a.account_id = e.account_id
            and a.purpose = 'prefund'
         where t.kind = 'withdraw' and t.details ? 'request_id'
           and t.posted_at >= (select withdrawals_bounded_since from clearing.settlement_setting)),
      moved as (
        select window_id, participant, net::numeric as amount, null::timestamptz as at
          from clearing.window_net
         union all
        -- A row sums several carve-outs of a transaction and keeps the last time only. So an effect
        -- that increases a debt counts from that time on, and no correct withdrawal is reported.
        select window_id, platform, effect, case when effect < 0 then changed_at end from (
          select c.window_id, c.changed_at, side.platform,
                 case direction when 'out' then -side.effect else side.effect end as effect
            from clearing.window_carve_out c
           cross join lateral (values (source_platform, source_effect),
             (target_platform, target_effect))
                   as side (platform, effect)) carved
         union all
        select window_id, participant, -amount, carried_at from clearing.carried_over
         union all
        select to_window_id, participant, amount, null from clearing.carried_over
         union all
        select t.window_id, o.participant, -t.amount::numeric, t.posted_at from (${PAYING}) t
          join (${OWNERS}) o on o.owner_id = t.member_id)
      select d.participant, d.transaction_id, d.left_over, sum(d.owed) as owed
        from (
          select w.participant, w.transaction_id, w.left_over, m.window_id,
            greatest(-sum(m.amount), 0) as owed
            from withdrawn w
            join clearing.settlement_window s on s.closed_at <= w.posted_at
            join moved m on m.window_id = s.window_id and m.participant = w.participant
              and (m.at is null or m.at < w.posted_at)
           group by 1, 2, 3, 4) d
       group by 1, 2, 3 having d.left_over < sum(d.owed)
       order by 1, 2`,
  },
];
