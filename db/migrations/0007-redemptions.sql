-- What became of redemptions, and the vouchers by which they are used. That a redemption took place is the ledger's to say.

create table rewards.redemption (
  -- The ledger's transaction.
  redemption_id uuid primary key,
  platform_id text not null,
  member_id uuid not null,
  reward_id text not null,
  -- Units.
  quantity bigint not null check (quantity > 0),
  -- Minor units of the platform's points.
  amount bigint not null check (amount > 0),
  state text not null default 'issued' check (state in ('issued', 'fulfilled', 'cancelling', 'cancelled', 'expired')),
  issued_at timestamptz not null,
  -- Its vouchers can be used until just before then; for ever when null.
  expires_at timestamptz,
  changed_at timestamptz not null,
  -- Goes up with every change, so that of two who change the same state one is too late.
  revision integer not null default 1,
  -- The reversal under way: {key, reason, reference, amount, from}, so that whoever finds it can finish it.
  reversal jsonb,
  -- Idempotency key of the fulfilment.
  fulfilled_key text,
  constraint redemption_cancelling_has_reversal check ((state = 'cancelling') = (reversal is not null)),
  constraint redemption_fulfilled_has_key check ((state = 'fulfilled') = (fulfilled_key is not null))
);

create index redemption_of_platform on rewards.redemption (platform_id, issued_at desc, redemption_id);
create index redemption_expiring on rewards.redemption (expires_at) where state = 'issued' and expires_at is not null;
create index redemption_cancelling on rewards.redemption (changed_at) where state = 'cancelling';

-- A code and what it stands for: one unit of the redemption, or all of it (unit 0).
create table rewards.voucher (
  code text primary key,
  redemption_id uuid not null references rewards.redemption,
  unit integer not null check (unit >= 0),
  constraint voucher_of_unit unique (redemption_id, unit)
);

-- How far the journal of each bucket has been read.
create table rewards.cursor (
  bucket integer primary key,
  sequence bigint not null
);
