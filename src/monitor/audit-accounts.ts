// Checks of the accounts: their counters equal their entries, stay within their bounds, and sum to
// zero.

import type { Check } from './audit-check.ts';

/** Changes of floors, which have no entries. Text that is not a number must not end the audit. */
const ALLOTMENTS = `
  select sequence,
         case when details ->> 'account_id' ~ '^[0-9]{1,18}$'
           then (details ->> 'account_id')::bigint end as account_id,
         case when details ->> 'floor_before' ~ '^-?[0-9]{1,18}$'
           then (details ->> 'floor_before')::bigint end as floor_before,
         case when details ->> 'floor_after' ~ '^-?[0-9]{1,18}$'
           then (details ->> 'floor_after')::bigint end as floor_after
    from ledger.transaction where bucket = $1 and kind = 'allot'`;

/** Checks of accounts. */
export const accountChecks: readonly Check[] = [
  {
    invariant: 2,
    name: 'asset_sums_to_zero',
    scope: 'network',
    meaning:
      'The posted balances of all accounts of an asset sum to zero; so do the pending ones, and ' +
      'so do its transit accounts.',
    sql: `
      select asset_id, sum(credits_posted::numeric - debits_posted) as posted,
        sum(credits_pending::numeric - debits_pending) as pending,
             coalesce(sum(credits_posted::numeric - debits_posted) filter
               (where purpose = 'transit'), 0) as transit
        from ledger.account group by asset_id
      having sum(credits_posted::numeric - debits_posted) <> 0
        or sum(credits_pending::numeric - debits_pending) <> 0
          or coalesce(sum(credits_posted::numeric - debits_posted) filter
            (where purpose = 'transit'), 0) <> 0
       order by 1`,
  },
  {
    invariant: 2,
    name: 'known_assets',
    scope: 'network',
    meaning:
      'Every account has an asset that the network knows, and the settlement asset is a known ' +
      'asset.',
    sql: `
      select a.asset_id, count(*) as accounts from ledger.account a
       where not exists (select from ledger.asset x where x.asset_id = a.asset_id) group by 1
       union all
      select n.settlement_asset_id, 0 from ledger.network n
       where not exists (select from ledger.asset x where x.asset_id = n.settlement_asset_id
         and x.kind = 'settlement')
       order by 1`,
  },
  {
    invariant: 2,
    name: 'limits_in_own_assets',
    scope: 'network',
    meaning: 'Allowances of limits and their use are counted in assets of limits and rewards only.',
    sql: `
      select a.bucket, a.account_id, a.purpose, a.asset_id, x.code from ledger.account a left
        join ledger.asset x on x.asset_id = a.asset_id
       where a.purpose in ('allowance', 'shared_allowance', 'used')
         and coalesce(x.kind, '') not in ('allowance', 'reward')
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'known_words',
    scope: 'bucket',
    meaning: 'Every account has a purpose, and every row a kind, that the ledger knows.',
    sql: `
      select 'account' as of, account_id as number, purpose as word from ledger.account
       where bucket = $1 and purpose not in (
         'lot', 'debt', 'issued', 'redeemed', 'expired', 'clawback', 'adjustment', 'fee', 'transit',
           'position', 'rounding', 'prefund', 'external', 'stock',
         'delivered', 'allowance', 'shared_allowance', 'used')
       union all
      select 'row', sequence, kind from ledger.transaction
       where bucket = $1 and kind not in (
         'earn', 'transfer', 'conversion', 'authorise', 'redeem', 'hold', 'capture', 'release',
           'reverse', 'clawback', 'expire', 'adjust', 'allot',
         'deposit', 'withdraw', 'settle')
       order by 1, 2`,
  },
  {
    invariant: 3,
    name: 'entries_have_accounts',
    scope: 'bucket',
    meaning: 'Every entry moves an account that exists in its bucket.',
    sql: `
      select e.sequence, e.transaction_id, e.account_id, e.amount
        from ledger.entry e left join ledger.account a on a.bucket = $1
          and a.account_id = e.account_id
       where e.bucket = $1 and a.account_id is null
       order by e.sequence`,
  },
  {
    invariant: 3,
    name: 'counters_equal_entries',
    scope: 'bucket',
    meaning:
      "An account's four counters are the sums of its entries, and its last_sequence is the " +
      'number of the last row that moved it.',
    sql: `
      with moved as (
        select account_id, max(sequence) as last_sequence,
               coalesce(sum(amount) filter (where layer = 'p' and amount > 0), 0) as credits_posted,
               coalesce(-sum(amount) filter (where layer = 'p' and amount < 0), 0) as debits_posted,
               coalesce(sum(amount) filter (where layer = 'c'), 0) as credits_pending,
               coalesce(-sum(amount) filter (where layer = 'd'), 0) as debits_pending
          from ledger.entry where bucket = $1 group by account_id),
      allotted as (select account_id, max(sequence) as last_sequence
        from (${ALLOTMENTS}) as allotment group by account_id)
      select a.account_id, a.purpose, a.credits_posted,
        coalesce(m.credits_posted, 0) as entries_credits_posted,
             a.debits_posted, coalesce(m.debits_posted, 0) as entries_debits_posted,
             a.credits_pending, coalesce(m.credits_pending, 0) as entries_credits_pending,
             a.debits_pending, coalesce(m.debits_pending, 0) as entries_debits_pending,
             a.last_sequence, greatest(m.last_sequence, l.last_sequence) as entries_last_sequence
        from ledger.account a
        left join moved m on m.account_id = a.account_id
        left join allotted l on l.account_id = a.account_id
       where a.bucket = $1
         and (a.credits_posted <> coalesce(m.credits_posted, 0)
           or a.debits_posted <> coalesce(m.debits_posted, 0)
              or a.credits_pending <> coalesce(m.credits_pending, 0)
                or a.debits_pending <> coalesce(m.debits_pending, 0)
              or a.last_sequence is distinct from greatest(m.last_sequence, l.last_sequence))
       order by a.account_id`,
  },
  {
    invariant: 3,
    name: 'balance_after_chain',
    scope: 'bucket',
    meaning:
      'The balance after each entry is the balance before it plus its amount. A difference ' +
      'shows a lost update.',
    sql: `
      select sequence, transaction_id, account_id, layer, amount, balance_after, expected from (
        select sequence, transaction_id, account_id, layer, amount, balance_after,
               sum(case layer when 'd' then -amount else amount end)
                 over (partition by account_id, layer
                   order by sequence, position rows unbounded preceding) as expected
          from ledger.entry where bucket = $1) as running
       where balance_after is distinct from expected
       order by sequence`,
  },
  {
    invariant: 3,
    name: 'account_numbers',
    scope: 'bucket',
    meaning:
      'The accounts of a bucket are numbered 1 to account_count. Each number and each (owner, ' +
      'asset, purpose, expiry) occurs once.',
    sql: `
      select a.account_id, a.owner_id, a.asset_id, a.purpose, a.same_number, a.same_account,
        b.account_count
        from (select account_id, owner_id, asset_id, purpose,
          count(*) over (partition by account_id) as same_number,
                     count(*) over (partition by owner_id, asset_id, purpose,
                       expires_on) as same_account
                from ledger.account where bucket = $1) a
        left join ledger.bucket b on b.bucket = $1
       where a.same_number > 1 or a.same_account > 1 or a.account_id not between 1
         and coalesce(b.account_count, 0)
       union all
      select null, null, null, null, null, n.accounts, b.account_count
        from ledger.bucket b, (select count(*) as accounts from ledger.account where bucket = $1) n
       where b.bucket = $1 and n.accounts <> b.account_count
       order by 1`,
  },
  {
    invariant: 4,
    name: 'not_below_floor',
    scope: 'bucket',
    meaning:
      'No account is below its floor, no lot or prefund is below zero, no debt or allowance is ' +
      'above zero, and no counter is negative.',
    sql: `
      select account_id, owner_id, asset_id, purpose,
        credits_posted::numeric - debits_posted as posted, debits_pending, floor
        from ledger.account
       where bucket = $1
         and (credits_posted::numeric - debits_posted - debits_pending < floor
              or (purpose in ('lot', 'prefund') and (floor is null or floor < 0))
              or (purpose = 'debt' and credits_posted > debits_posted)
              or (purpose in ('allowance', 'shared_allowance') and credits_posted > debits_posted)
              or least(credits_posted, debits_posted, credits_pending, debits_pending) < 0)
       order by account_id`,
  },
  {
    invariant: 4,
    name: 'never_was_below_zero',
    scope: 'bucket',
    meaning:
      'A lot was never below zero, a debt never above zero, and a pending sum never negative.',
    sql: `
      select e.sequence, e.transaction_id, e.account_id, a.purpose, e.layer, e.balance_after
        from ledger.entry e join ledger.account a on a.bucket = $1 and a.account_id = e.account_id
       where e.bucket = $1
         and ((e.balance_after < 0 and (e.layer <> 'p' or a.purpose = 'lot'))
           or (e.balance_after > 0 and e.layer = 'p' and a.purpose = 'debt'))
       order by e.sequence`,
  },
  {
    invariant: 4,
    name: 'floor_has_allotment',
    scope: 'bucket',
    meaning:
      "An account's floor is the one that its last allotment set, and each allotment starts " +
      'from the floor that the one before set.',
    sql: `
      with allotment as (select a.*, lag(floor_after) over by_account as previous,
        lag(sequence) over by_account is null as is_first,
                                lead(sequence) over by_account is null as is_last
                           from (${ALLOTMENTS}) a window by_account as (partition by account_id
                             order by sequence))
      select coalesce(a.account_id, l.account_id) as account_id, a.purpose, a.floor, l.sequence,
        l.previous, l.floor_before, l.floor_after
        from (select * from ledger.account where bucket = $1) a full
          join allotment l on l.account_id = a.account_id
       where a.account_id is null or (l.sequence is not null and l.floor_after is null)
          or (l.sequence is null and a.floor is distinct
            from case when a.purpose in ('lot', 'stock', 'shared_allowance', 'prefund') then 0 end)
          or (l.is_last and a.floor is distinct from l.floor_after)
          or (l.is_first and coalesce(l.floor_before, 0) <> 0)
          or (not l.is_first and l.floor_before is distinct from l.previous)
       order by 1, l.sequence`,
  },
  {
    invariant: 4,
    name: 'cap_equals_floors',
    scope: 'network',
    meaning:
      "The quotas of a cap's stripes add up to the cap, the use of all stripes is within it, " +
      'and no stripe has a quota without a cap.',
    sql: `
      select owner_id, asset_id, purpose, c.amount as cap, s.quota, s.used, s.unbounded
        from ledger.cap c
        full join (select owner_id, asset_id, purpose, -sum(floor::numeric) as quota,
          count(*) filter (where floor is null) as unbounded,
                          -sum(credits_posted::numeric - debits_posted - debits_pending) as used
                     from ledger.account where purpose in ('position', 'stock')
                       group by 1, 2, 3) s using (owner_id, asset_id, purpose)
       where case when c.amount is null then s.quota <> 0
                  when s.quota is null then true
                  else c.amount <> s.quota or s.unbounded > 0 or s.used > c.amount end
       order by 1, 2, 3`,
  },
];
