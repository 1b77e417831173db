-- The ledger: double-entry accounts and transactions of one network, ordered by bucket.
-- Every hot table begins its key with `bucket` (docs/decisions/0002), so the same schema runs on one server, partitioned or distributed.

create schema ledger;

-- What this network is: decided once, when it is created.
create table ledger.network (
  singleton boolean primary key default true check (singleton),
  bucket_count integer not null check (bucket_count between 1 and 65536),
  settlement_asset_id integer not null,
  created_at timestamptz not null default now()
);

-- What an account counts. A reference table: small, read whole into memory, changed rarely.
create table ledger.asset (
  asset_id integer primary key,
  code text not null unique,
  kind text not null check (kind in ('points', 'settlement', 'reward')),
  -- Decimals of one unit: 2 means that 100 minor units are one point.
  scale smallint not null check (scale between 0 and 6),
  -- The platform it belongs to; null for the settlement currency.
  platform_id text,
  -- What reversing an earn that is already spent does.
  clawback text not null default 'debt' check (clawback in ('debt', 'available', 'refuse')),
  -- Days that newly issued points live; null for ever.
  lifetime_days integer check (lifetime_days > 0),
  check ((kind = 'settlement') = (platform_id is null))
);

-- The unit of ordering. Its row is the only lock of the ledger: whoever writes in a bucket moves `sequence` on under this lock.
create table ledger.bucket (
  bucket integer primary key,
  -- Number of the last transaction row of this bucket; rows are numbered 1, 2, 3 … without a gap.
  sequence bigint not null default 0,
  -- Number of the last account of this bucket.
  account_count bigint not null default 0
);

create table ledger.account (
  bucket integer not null,
  account_id bigint not null,
  -- A member, or a platform under its derived id.
  owner_id uuid not null,
  asset_id integer not null,
  -- Of members: lot, debt. Of platforms: issued, redeemed, expired, clawback, adjustment, fee, transit, position, stock, delivered.
  -- The audit knows the list: as a CHECK it would be parsed anew by every statement, a tenth of the cost of a single posting.
  purpose text not null,
  -- The last day on which a lot can be spent; what is left after it expires.
  expires_on date not null default 'infinity',
  debits_posted bigint not null default 0,
  credits_posted bigint not null default 0,
  debits_pending bigint not null default 0,
  credits_pending bigint not null default 0,
  -- Posted less pending may not fall below it; null for accounts without bound.
  floor bigint,
  -- The last transaction row of this bucket that moved this account or its floor.
  last_sequence bigint not null,
  constraint account_pkey primary key (bucket, account_id),
  constraint account_natural_key unique (bucket, owner_id, asset_id, purpose, expires_on),
  constraint account_counters_not_negative check (least(debits_posted, credits_posted, debits_pending, credits_pending) >= 0),
  constraint account_not_below_floor check (floor is null or credits_posted - debits_posted - debits_pending >= floor),
  constraint account_debt_not_positive check (purpose <> 'debt' or credits_posted <= debits_posted)
) with (fillfactor = 90);

-- Lots that expire, for the sweep.
create index account_expiring on ledger.account (bucket, expires_on) where purpose = 'lot' and expires_on <> 'infinity';

-- One row for each transaction and member concerned ("leg"), carrying its entries as arrays of equal length.
-- A transaction between two members has two rows, posted in one commit, that share transaction_id. Rows are never updated or deleted.
create table ledger.transaction (
  bucket integer not null,
  asset_id integer not null,
  sequence bigint not null,
  posted_at timestamptz not null,
  -- What the caller named: minor units of asset_id.
  amount bigint not null,
  -- First eight bytes of SHA-256 over the request, to tell a retry from a reused key.
  fingerprint bigint not null,
  -- Minor units of target_asset_id that a conversion credited.
  credited bigint,
  fee bigint,
  -- The member's whole balance of asset_id (of target_asset_id) after this transaction.
  balance_after bigint,
  target_balance_after bigint,
  -- When it happened at the platform, when that was stated.
  occurred_at timestamptz,
  target_asset_id integer,
  leg smallint not null,
  transaction_id uuid not null,
  member_id uuid not null,
  counterparty_id uuid,
  -- The transaction this one reverses, captures or releases.
  related_id uuid,
  -- earn, transfer, conversion, redeem, hold, capture, release, reverse, clawback, expire, adjust or allot; the audit knows the list.
  kind text not null,
  rate text,
  reference text,
  -- Entry layers, one letter each, when not all are posted: p posted, d pending debit, c pending credit.
  layers text,
  details jsonb,
  account_ids bigint[] not null,
  amounts bigint[] not null,
  balances bigint[] not null,
  constraint transaction_pkey primary key (bucket, sequence),
  -- Idempotency and look-up by id in one: the id derives from (platform, member, key).
  constraint transaction_once unique (bucket, transaction_id, leg)
);

create index transaction_of_member on ledger.transaction (bucket, member_id, sequence);

-- The movements inside the transactions, one row each.
create view ledger.entry as
select t.bucket, t.sequence, t.transaction_id, t.leg, t.kind, t.posted_at, e.position,
       e.account_id, coalesce(substr(t.layers, e.position::integer, 1), 'p') as layer, e.amount, e.balance_after
from ledger.transaction t,
     unnest(t.account_ids, t.amounts, t.balances) with ordinality as e (account_id, amount, balance_after, position);

-- Points set aside. A hold is resolved exactly once: captured, released or expired.
create table ledger.hold (
  bucket integer not null,
  hold_id uuid not null,
  member_id uuid not null,
  asset_id integer not null,
  amount bigint not null check (amount > 0),
  captured bigint not null default 0 check (captured between 0 and amount),
  state text not null check (state in ('held', 'captured', 'released', 'expired')),
  expires_at timestamptz not null,
  -- Which lots it is taken from.
  account_ids bigint[] not null,
  amounts bigint[] not null,
  resolved_by uuid,
  constraint hold_pkey primary key (bucket, hold_id),
  constraint hold_resolved_once check ((state = 'held') = (resolved_by is null))
);

create index hold_due on ledger.hold (bucket, expires_at) where state = 'held';
create index hold_of_member on ledger.hold (bucket, member_id, asset_id) where state = 'held';

-- How much of a transaction has been reversed, and by what.
create table ledger.reversal (
  bucket integer not null,
  transaction_id uuid not null,
  reversal_id uuid not null,
  amount bigint not null check (amount > 0),
  constraint reversal_pkey primary key (bucket, transaction_id, reversal_id)
);

-- A bound over all stripes of a system account (a platform's net debit cap, a reward's stock). Each stripe's floor is its
-- quota; the quotas of a cap add up to `amount`.
create table ledger.cap (
  owner_id uuid not null,
  asset_id integer not null,
  purpose text not null check (purpose in ('position', 'stock')),
  amount bigint not null check (amount >= 0),
  primary key (owner_id, asset_id, purpose)
);

-- What posting changes of an account that exists.
create type ledger.account_change as (
  account_id bigint, debits_posted bigint, credits_posted bigint, debits_pending bigint, credits_pending bigint, floor bigint, last_sequence bigint);

-- Posts one batch in one bucket: moves the sequence number on, then writes what was decided on the state at p_expected.
-- Raises PN001 when another writer was there first; a duplicate transaction fails on transaction_once. Either way nothing is written.
create function ledger.post(
  p_bucket integer, p_expected bigint, p_rows_count integer, p_accounts_count integer,
  p_new ledger.account[], p_changed ledger.account_change[], p_rows ledger.transaction[],
  p_holds ledger.hold[], p_reversals ledger.reversal[]) returns void
language plpgsql as $$
begin
  update ledger.bucket set sequence = sequence + p_rows_count, account_count = account_count + p_accounts_count
   where bucket = p_bucket and sequence = p_expected;
  if not found then
    raise exception 'bucket % is no longer at sequence %', p_bucket, p_expected using errcode = 'PN001';
  end if;
  if p_new is not null then
    insert into ledger.account select * from unnest(p_new);
  end if;
  if p_changed is not null then
    -- MERGE keeps the changes on the outer side whatever the statistics say: an UPDATE ... FROM planned on an empty table
    -- would go on reading the whole bucket. An account that is not there has no owner to insert, so the batch fails.
    merge into ledger.account a using unnest(p_changed) c on a.bucket = p_bucket and a.account_id = c.account_id
     when matched then
       update set debits_posted = c.debits_posted, credits_posted = c.credits_posted, debits_pending = c.debits_pending,
           credits_pending = c.credits_pending, floor = c.floor, last_sequence = c.last_sequence
     when not matched then
       insert (bucket, account_id, last_sequence) values (p_bucket, c.account_id, c.last_sequence);
  end if;
  if p_rows is not null then
    insert into ledger.transaction select * from unnest(p_rows);
  end if;
  if p_holds is not null then
    insert into ledger.hold select * from unnest(p_holds)
    on conflict (bucket, hold_id) do update
       set state = excluded.state, captured = excluded.captured, resolved_by = excluded.resolved_by
     where hold.bucket = p_bucket and hold.state = 'held';
  end if;
  if p_reversals is not null then
    insert into ledger.reversal select * from unnest(p_reversals);
  end if;
end
$$;
