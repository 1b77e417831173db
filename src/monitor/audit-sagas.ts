// Checks of transfers over connected platforms: pending money, sagas and the accounts of platforms
// agree with the journal.

import type { Check } from './audit-check.ts';

/** Checks of authorisations and sagas. */
export const sagaChecks: readonly Check[] = [
  {
    invariant: 3,
    name: 'authorised_equal_pending',
    scope: 'bucket',
    meaning:
      'The pending sums of positions and rounding are exactly what open authorisations will ' +
      'move.',
    sql: `
      with open as (
        select e.account_id, coalesce(-sum(e.amount) filter (where e.layer = 'd'), 0) as debits,
          coalesce(sum(e.amount) filter (where e.layer = 'c'), 0) as credits
          from ledger.hold h
          join ledger.entry e on e.bucket = $1 and e.transaction_id = h.hold_id
            and e.kind = 'authorise' and e.layer <> 'p'
         where h.bucket = $1 and h.state = 'held' group by 1)
      select a.account_id, a.purpose, a.debits_pending, o.debits, a.credits_pending, o.credits
        from ledger.account a left join open o on o.account_id = a.account_id
       where a.bucket = $1 and a.purpose in ('position', 'rounding')
         and (a.debits_pending <> coalesce(o.debits, 0)
           or a.credits_pending <> coalesce(o.credits, 0))
       order by 1`,
  },
  {
    invariant: 7,
    name: 'authorisation_has_saga',
    scope: 'bucket',
    meaning:
      'Every authorisation has a saga with the same members and amounts. The saga has ended if ' +
      'and only if the authorisation has, with the same result.',
    sql: `
      select coalesce(t.transaction_id, s.saga_id) as transaction_id, s.state,
        h.state as hold_state, t.amount, s.amount as saga_amount
        from (select * from ledger.transaction where bucket = $1 and kind = 'authorise') t
        full join (select * from clearing.saga
          where bucket = $1 and purpose = 'transfer') s on s.saga_id = t.transaction_id
        left join ledger.hold h on h.bucket = $1 and h.hold_id = t.transaction_id
        left join ledger.asset source on source.asset_id = t.asset_id
        left join ledger.asset target on target.asset_id = t.target_asset_id
       where t.transaction_id is null or s.saga_id is null or s.transaction_id <> s.saga_id
         or s.amount <> t.amount or s.credited is distinct from t.credited
          or s.source_member <> t.member_id
            or s.target_member <> coalesce(t.counterparty_id, t.member_id)
          or s.source_platform is distinct from source.platform_id or s.target_platform is distinct
            from target.platform_id
          or h.state is distinct from case s.state when 'completed' then 'captured' when 'failed'
            then 'released' else 'held' end
       order by 1`,
  },
  {
    invariant: 7,
    name: 'reversal_has_saga',
    scope: 'bucket',
    meaning:
      'Every reversal of a transfer over connected platforms has a saga that undoes it there, ' +
      'and every such saga has a reversal. A reversal by recall at a connected target has the ' +
      'completed saga of that recall.',
    sql: `
      select coalesce(t.transaction_id, s.saga_id) as transaction_id, t.related_id,
        s.transaction_id as undoes, s.state
        from (select r.*, c.related_id as authorised_id from ledger.transaction r
          join ledger.transaction c on c.bucket = $1 and c.transaction_id = r.related_id
          and c.leg = 0
               where r.bucket = $1 and r.kind = 'reverse' and r.leg = 0 and c.kind = 'conversion'
                 and exists (select from ledger.transaction a
                   where a.bucket = $1 and a.transaction_id = c.related_id
                   and a.kind = 'authorise')) t
        full join (select * from clearing.saga
          where bucket = $1
          and (purpose = 'reversal' or (purpose = 'recall' and state = 'completed'))) s on s.saga_id
          = t.transaction_id
       where t.transaction_id is null or s.saga_id is null
          or case s.purpose when 'reversal' then s.transaction_id is distinct
            from t.authorised_id or s.amount <> t.amount
                            else s.transaction_id <> s.saga_id or s.amount is distinct
                              from t.credited or s.credited <> t.amount end
       order by 1`,
  },
  {
    invariant: 7,
    name: 'saga_overdue',
    scope: 'bucket',
    meaning:
      'A saga that is open 15 minutes after its deadline is on the attention list. If no worker ' +
      'was running, start one.',
    sql: `
      select saga_id, state, attempts, deadline_at, last_error from clearing.saga
       where bucket = $1 and state not in ('completed', 'failed') and attention is null
         and deadline_at < now() - interval '15 minutes'
       order by deadline_at`,
  },
  {
    invariant: 10,
    name: 'external_equals_sagas',
    scope: 'network',
    meaning:
      'The external account of a connected platform is the sum of the transfers that completed ' +
      'there, less those reversed.',
    sql: `
      select x.platform_id, coalesce(a.external, 0) as external, coalesce(s.effect, 0) as transfers
        from ledger.asset x
        left join (select asset_id, sum(credits_posted::numeric - debits_posted) as external
          from ledger.account where purpose = 'external' group by 1) a using (asset_id)
        left join (select platform_id, sum(effect) as effect from (
                     select source_platform as platform_id, case purpose when 'reversal' then amount
                       else -amount end::numeric as effect
                       from clearing.saga
                         where source_connected and (purpose = 'reversal' or state = 'completed')
                     union all
                     select target_platform, case purpose when 'reversal' then -credited
                       else credited end
                       from clearing.saga
                         where target_connected
                         and (purpose = 'reversal' or state = 'completed')) effects
                         group by 1) s using (platform_id)
       where x.kind = 'points' and coalesce(a.external, 0) <> coalesce(s.effect, 0)
       order by 1`,
  },
];
