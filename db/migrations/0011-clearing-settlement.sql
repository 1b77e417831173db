-- Settlement: windows as cuts of the journal, what each platform owes or is owed by them, and how that is paid.

-- A settlement window. One is open at a time; src/clearing/settlement/states.ts has the table of states.
create table clearing.settlement_window (
  -- 1, 2, 3 … without a gap.
  window_id integer primary key,
  state text not null check (state in ('open', 'closed', 'proposed', 'settling', 'settled')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  -- An operator, or `schedule`.
  closed_by text,
  -- When its pairs had been counted and compared with its nets.
  counted_at timestamptz,
  -- What does not agree between them; such a window cannot be settled.
  mismatch text,
  proposed_by text,
  proposed_at timestamptz,
  approved_by text,
  approved_at timestamptz,
  settled_at timestamptz,
  constraint settlement_window_closed check ((state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null)),
  constraint settlement_window_proposed check (state not in ('proposed', 'settling') or proposed_by is not null),
  constraint settlement_window_settled check ((state = 'settled') = (settled_at is not null)),
  constraint settlement_window_maker_is_not_checker check (approved_by <> proposed_by)
);

create unique index settlement_window_one_open on clearing.settlement_window ((true)) where state = 'open';
create index settlement_window_unsettled on clearing.settlement_window (window_id) where state not in ('open', 'settled');

insert into clearing.settlement_window (window_id, state, opened_at) values (1, 'open', now());

-- What belongs to a window: in each bucket the journal's rows after from_sequence, up to and with to_sequence. Written when it is closed.
create table clearing.window_cut (
  window_id integer not null references clearing.settlement_window,
  bucket integer not null,
  from_sequence bigint not null,
  to_sequence bigint not null,
  -- Up to which row its pairs have been counted.
  counted_through bigint not null,
  primary key (window_id, bucket),
  constraint window_cut_in_order check (from_sequence <= counted_through and counted_through <= to_sequence)
);

-- A window's figures for each participant (a platform_id, or `@network` for what rounding left over), in minor units of the settlement
-- currency: opening + net + paid = closing, of the position account.
create table clearing.window_net (
  window_id integer not null references clearing.settlement_window,
  participant text not null,
  opening bigint not null,
  -- What its rows moved, settlements apart.
  net bigint not null,
  -- What settlements of earlier windows moved meanwhile.
  paid bigint not null,
  closing bigint not null,
  primary key (window_id, participant),
  constraint window_net_adds_up check (opening + net + paid = closing)
);

-- A window's conversions from one platform to another, reversals of such, and corrections that one pays the other for.
create table clearing.window_pair (
  window_id integer not null references clearing.settlement_window,
  source_platform text not null,
  target_platform text not null,
  kind text not null check (kind in ('conversion', 'reverse', 'adjust')),
  transactions bigint not null,
  -- Points of the source and of the target, in their minor units.
  amount bigint not null,
  credited bigint not null,
  -- Settlement currency: what the source owes and what the target is due; negative for reversals.
  owed bigint not null,
  due bigint not null,
  primary key (window_id, source_platform, target_platform, kind)
);

-- Disputed transactions that are left out of a window's settlement (`out`), and what comes back into a later one (`in`).
create table clearing.window_carve_out (
  window_id integer not null references clearing.settlement_window,
  bucket integer not null,
  -- The journal row with the position entries, and the transaction that the dispute names.
  row_id uuid not null,
  transaction_id uuid not null,
  direction text not null check (direction in ('out', 'in')),
  source_platform text not null,
  target_platform text not null,
  -- Of the source's points, in minor units.
  amount bigint not null check (amount > 0),
  -- Of what the transaction moved on the positions: what belongs to that amount.
  source_effect bigint not null,
  target_effect bigint not null,
  changed_at timestamptz not null,
  primary key (window_id, row_id, direction)
);

create index window_carve_out_of_row on clearing.window_carve_out (row_id);

-- What a participant is to be paid (positive) or to pay for a window: one net figure, and one for each pair that is settled gross.
create table clearing.obligation (
  window_id integer not null references clearing.settlement_window,
  participant text not null,
  -- `net`, or `source>target` of a pair settled gross.
  basis text not null,
  amount bigint not null check (amount <> 0),
  state text not null check (state in ('proposed', 'approved', 'paid')),
  -- Out of or into the prefund, or by a payment outside of the network.
  paid_from text not null check (paid_from in ('prefund', 'outside')),
  bank_reference text,
  proposed_by text not null,
  proposed_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  -- Why the ledger refused it when it was tried last.
  problem text,
  next_attempt_at timestamptz,
  -- The ledger's settle transaction.
  transaction_id uuid,
  paid_at timestamptz,
  primary key (window_id, participant, basis),
  constraint obligation_paid_by_transaction check ((state = 'paid') = (transaction_id is not null)),
  constraint obligation_approved check ((state = 'proposed') = (approved_by is null)),
  constraint obligation_maker_is_not_checker check (approved_by <> proposed_by),
  constraint obligation_outside_has_reference check (paid_from = 'prefund' or bank_reference is not null or participant = '@network')
);

create index obligation_due on clearing.obligation (window_id, next_attempt_at) where state = 'approved';

-- When windows are closed by themselves. One row; it is also the lock under which windows are closed and settled.
create table clearing.settlement_setting (
  singleton boolean primary key default true check (singleton),
  -- HH:MM in the network's time zone.
  daily_at text check (daily_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  every_minutes integer check (every_minutes between 1 and 44640),
  changed_by text,
  changed_at timestamptz,
  constraint settlement_setting_one_schedule check (daily_at is null or every_minutes is null)
);

insert into clearing.settlement_setting default values;

-- Pairs of platforms whose obligations are listed and paid pair by pair, in both directions; all others are netted.
create table clearing.gross_pair (
  platform_a text not null,
  platform_b text not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (platform_a, platform_b),
  constraint gross_pair_in_order check (platform_a < platform_b)
);
