-- Reserves of the platforms: their part in clearing, what their cap follows from, and the requests of operators that change it.

-- A platform's part in conversions, as their source and as their target; src/ledger/clearing-mode.ts says what each lets through.
alter table ledger.asset add column mode text not null default 'both' check (mode in ('both', 'send_only', 'receive_only', 'suspended'));

-- What is known of a platform's reserve besides the ledger's figures. Whoever carries out a request of the platform, or brings its cap in line, locks its row.
create table clearing.reserve (
  platform_id text primary key,
  -- The cap as hundredths of a percent of the prefund; null for a fixed one, which is in ledger.cap alone.
  cap_basis_points integer constraint reserve_cap_is_sensible check (cap_basis_points between 1 and 100000),
  -- Percentages of the cap that its use has reached and was told of; each is told again only after use has fallen below.
  reached integer[] not null default '{}'
);

-- What an operator asks for and another one decides. Approved, it is carried out in the ledger under a key made of its id, however often that is tried.
create table clearing.reserve_request (
  request_id uuid primary key,
  platform_id text not null,
  kind text not null check (kind in ('deposit', 'withdrawal', 'cap')),
  -- Minor units of the settlement currency.
  amount bigint check (amount >= 0),
  basis_points integer check (basis_points between 1 and 100000),
  -- The payment at the bank, of deposits and withdrawals.
  bank_reference text,
  reason text not null,
  state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'withdrawn')),
  made_by text not null,
  made_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  -- When it took effect in the ledger; null while an approved request is under way.
  carried_out_at timestamptz,
  transaction_id uuid,
  -- Code of the ledger's refusal when it was approved last; it is open again then.
  refused_with text,
  constraint reserve_request_says_what check (case kind when 'cap' then (amount is null) <> (basis_points is null) and bank_reference is null
                                                         else amount > 0 and basis_points is null and bank_reference is not null end),
  constraint reserve_request_decided_by_another check (state not in ('approved', 'rejected') or decided_by <> made_by),
  constraint reserve_request_decided check ((state = 'open') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
  constraint reserve_request_carried_out_once_approved check (carried_out_at is null or state = 'approved')
);

create index reserve_request_of_platform on clearing.reserve_request (platform_id, made_at desc, request_id);
create index reserve_request_under_way on clearing.reserve_request (platform_id) where state = 'approved' and carried_out_at is null;
-- A payment is booked once.
create unique index reserve_request_payment on clearing.reserve_request (platform_id, kind, bank_reference) where kind <> 'cap' and state in ('open', 'approved');

-- Every change of a platform's mode.
create table clearing.mode_change (
  change_id bigint generated always as identity primary key,
  platform_id text not null,
  mode_before text not null,
  mode text not null,
  reason text not null,
  -- An operator, or `threshold` where use of the cap did it.
  changed_by text not null,
  changed_at timestamptz not null
);

create index mode_change_of_platform on clearing.mode_change (platform_id, change_id desc);
