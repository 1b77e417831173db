// Checks of holds, reversals and reward units, each compared with the journal rows that made them.

import type { Check } from './audit-check.ts';

/** Checks of holds, reversals, quotes and stock. */
export const holdChecks: readonly Check[] = [
  {
    invariant: 3,
    name: 'holds_equal_pending',
    scope: 'bucket',
    meaning:
      'The pending debits of a lot, or of the account of a connected platform, are exactly what ' +
      'its open holds set aside.',
    sql: `
      with part as (
        select h.captured, u.account_id, u.amount, sum(u.amount) over (partition by h.hold_id
          order by u.position) as through
          from ledger.hold h cross
            join lateral unnest(h.account_ids, h.amounts) with ordinality as u (account_id, amount,
            position)
         where h.bucket = $1 and h.state = 'held'),
      held as (
        select account_id, sum(least(amount, greatest(0, through - captured))) as amount from part
          group by 1
        having sum(least(amount, greatest(0, through - captured))) > 0)
      select coalesce(a.account_id, h.account_id) as account_id, a.purpose, a.owner_id,
        a.debits_pending, h.amount as held
        from (select * from ledger.account where bucket = $1 and purpose <> 'position'
          and (debits_pending <> 0 or purpose = 'lot')) a
        full join held h on h.account_id = a.account_id
       where coalesce(a.debits_pending, 0) <> coalesce(h.amount, 0)
         or (h.amount is not null and coalesce(a.purpose, '') not in ('lot', 'external'))
       order by 1`,
  },
  {
    invariant: 7,
    name: 'hold_has_transaction',
    scope: 'bucket',
    meaning:
      'Every hold was made by a hold or authorise transaction of the same member and amount, ' +
      'and every such transaction made one.',
    sql: `
      select coalesce(h.hold_id, t.transaction_id) as hold_id, h.state, h.amount, t.sequence,
        t.amount as transaction_amount
        from (select * from ledger.hold where bucket = $1) h
        full join (select * from ledger.transaction
          where bucket = $1 and kind in ('hold', 'authorise')) t on t.transaction_id = h.hold_id
       where h.hold_id is null or t.transaction_id is null or h.amount <> t.amount
         or h.member_id <> t.member_id or h.asset_id <> t.asset_id
          or cardinality(h.account_ids) <> cardinality(h.amounts)
          or h.amount is distinct from (select sum(part) from unnest(h.amounts) as part)
       order by 1`,
  },
  {
    invariant: 7,
    name: 'hold_resolved_once',
    scope: 'bucket',
    meaning:
      'A hold is resolved once: by a capture, a release, a reviewed or authorised transfer, or ' +
      'a reversal that took the rest of a freeze. An open hold is not resolved. `captured` is ' +
      'the sum of what was taken.',
    sql: `
      with taken as (
        select t.transaction_id, x.hold_id, x.amount, x.ended
          from ledger.transaction t
         cross join lateral (
           select t.details ->> 'frozen_hold', (t.details ->> 'taken_from_hold')::bigint, true
             where t.details ? 'frozen_hold'
           union all
           select split_part(one, ':', 1), split_part(one, ':', 2)::bigint,
             split_part(one, ':', 3) = 'ended'
             from unnest(string_to_array(t.details ->> 'frozen_holds', ',')) as one) as x (hold_id,
               amount, ended)
         where t.bucket = $1 and t.kind = 'reverse'
           and (t.details ? 'frozen_hold' or t.details ? 'frozen_holds')),
      sums as (select hold_id, sum(amount) as amount from taken group by 1)
      select coalesce(h.hold_id::text, t.hold_id, s.hold_id) as hold_id, h.state, h.captured,
        h.resolved_by, t.transaction_id, t.kind, t.amount, s.amount as taken
        from (select * from ledger.hold where bucket = $1) h
        full join (select transaction_id, kind, amount, related_id::text as hold_id
          from ledger.transaction where bucket = $1 and leg = 0
                      and (kind in ('capture', 'release')
                        or (kind in ('transfer', 'conversion', 'authorise')
                        and related_id is not null))
                   union all
                   select transaction_id, 'reverse', null, hold_id from taken
                     where ended) t on t.hold_id = h.hold_id::text
        full join sums s on s.hold_id = coalesce(h.hold_id::text, t.hold_id)
       where h.hold_id is null
          or (h.state = 'held' and (t.transaction_id is not null or h.resolved_by is not null))
          or (h.state <> 'held' and (t.transaction_id is null or h.resolved_by is distinct
            from t.transaction_id
                                     or (h.state = 'captured') = (t.kind = 'release')))
          or h.captured is distinct
            from coalesce(s.amount, case when h.state = 'captured' then t.amount else 0 end)
          or (t.kind = 'release' and t.amount <> h.amount - h.captured)
       order by 1`,
  },
  {
    invariant: 7,
    name: 'hold_overdue',
    scope: 'bucket',
    meaning:
      'No hold is open 15 minutes after its deadline. If Pontis was not running, start it: its ' +
      'sweep releases overdue holds.',
    sql: `
      select hold_id, member_id, amount, expires_at from ledger.hold
       where bucket = $1 and state = 'held' and expires_at < now() - interval '15 minutes'
       order by expires_at`,
  },
  {
    invariant: 7,
    name: 'freeze_has_dispute',
    scope: 'network',
    meaning:
      'Each hold without a deadline is the freeze of an open dispute, and each open dispute ' +
      'with frozen points has its hold.',
    sql: `
      select h.bucket, h.hold_id, h.member_id, h.amount, h.state, d.dispute_id,
        d.state as dispute_state
        from (select * from ledger.hold where expires_at = '9999-12-31 00:00:00+00'
          and state = 'held') h
        full join (select * from clearing.dispute
          where hold_id is not null and state not in ('upheld', 'rejected', 'withdrawn',
          'reversed')) d on d.hold_id = h.hold_id
       where d.dispute_id is null
         or (h.hold_id is null and d.frozen > 0
         and d.state in ('opened', 'contested', 'under_review')
              -- For a moment after a reversal has taken the hold, the dispute does not know it yet.
              and not exists (select from ledger.hold x
                join ledger.transaction t on t.bucket = x.bucket
                and t.transaction_id = x.resolved_by and t.leg = 0
                               where x.hold_id = d.hold_id and x.state = 'captured'
                                 and t.posted_at > now() - interval '1 minute'))
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'reversal_within_original',
    scope: 'bucket',
    meaning: 'The reversals of a transaction sum to at most its amount.',
    sql: `
      select r.transaction_id, t.kind, t.amount, sum(r.amount) as reversed
        from ledger.reversal r
        left join ledger.transaction t on t.bucket = $1 and t.transaction_id = r.transaction_id
          and t.leg = 0
       where r.bucket = $1
       group by 1, 2, 3 having t.amount is null or sum(r.amount) > t.amount
       order by 1`,
  },
  {
    invariant: 3,
    name: 'reversal_has_transaction',
    scope: 'bucket',
    meaning:
      'Every recorded reversal is a reverse transaction of the same amount that names the ' +
      'original, and every such transaction is recorded.',
    sql: `
      select coalesce(r.reversal_id, t.transaction_id) as reversal_id, r.transaction_id as original,
        r.amount, t.sequence, t.related_id, t.amount as transaction_amount
        from (select * from ledger.reversal where bucket = $1) r
        full join (select * from ledger.transaction where bucket = $1 and kind = 'reverse'
          and leg = 0) t on t.transaction_id = r.reversal_id
       where r.reversal_id is null or t.transaction_id is null or r.amount <> t.amount
         or r.transaction_id is distinct from t.related_id
       order by 1`,
  },
  {
    invariant: 5,
    name: 'quote_has_transaction',
    scope: 'network',
    meaning: 'Each used quote was used by a conversion in the journal, or by its authorisation.',
    sql: `
      select q.bucket, q.nonce, q.transaction_id, t.kind
        from ledger.quote_use q left
          join ledger.transaction t on t.transaction_id = q.transaction_id and t.leg = 0
       where coalesce(t.kind, '') not in ('conversion', 'authorise')
       order by 1, 2`,
  },
  {
    invariant: 1,
    name: 'rulebook_in_force',
    scope: 'bucket',
    meaning: 'The rulebook version of a row has been in force.',
    sql: `
      select t.sequence, t.transaction_id, t.rulebook_version, t.posted_at, r.activated_at
        from ledger.transaction t left join valuation.rulebook r on r.version = t.rulebook_version
       where t.bucket = $1 and t.rulebook_version is not null
         and (r.activated_at is null)
       order by t.sequence`,
  },
  {
    invariant: 8,
    name: 'delivered_within_stock',
    scope: 'network',
    meaning:
      'The delivered units of a reward came out of its stock, and are at most the stock that ' +
      'the platform offers.',
    sql: `
      select x.code, coalesce(c.amount, 0) as put_up, s.delivered, s.taken_from_stock
        from (select asset_id,
          coalesce(sum(credits_posted::numeric - debits_posted) filter
          (where purpose = 'delivered'), 0) as delivered,
                     coalesce(-sum(credits_posted::numeric - debits_posted) filter
                       (where purpose = 'stock'), 0) as taken_from_stock
                from ledger.account where purpose in ('stock', 'delivered') group by 1) s
        left join ledger.asset x using (asset_id)
        left join (select asset_id, sum(amount) as amount from ledger.cap where purpose = 'stock'
          group by 1) c using (asset_id)
       where s.delivered > coalesce(c.amount, 0) or s.delivered <> s.taken_from_stock
         or s.delivered < 0
       order by 1`,
  },
  {
    invariant: 5,
    name: 'reserve_request_has_transaction',
    scope: 'network',
    meaning:
      'Each executed deposit or withdrawal request is one journal row with the same kind, ' +
      'amount and request, and no row names a request that was not approved.',
    sql: `
      select coalesce(r.request_id::text, t.request_id) as request_id, r.kind as asked, r.state,
        r.amount, r.carried_out_at, t.kind, t.amount as transaction_amount, t.transaction_id
        from (select * from clearing.reserve_request where kind <> 'cap') r
        full join (select kind, amount, transaction_id, details ->> 'request_id' as request_id
                     from ledger.transaction where kind in ('deposit', 'withdraw')
                       and details ? 'request_id') t on t.request_id = r.request_id::text
       where case when r.request_id is null or t.transaction_id is null
         then t.transaction_id is not null or r.carried_out_at is not null
                  else r.state <> 'approved' or r.amount <> t.amount or t.kind <> case r.kind
                    when 'deposit' then 'deposit' else 'withdraw' end
                       or (r.carried_out_at is not null and r.transaction_id is distinct
                         from t.transaction_id) end
       order by 1`,
  },
];
