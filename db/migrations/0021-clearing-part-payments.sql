-- Settlement in parts: what has come in is paid out pro rata, a defaulter can be left out, and a settlement can be aborted or taken back.

-- `aborting`: what was taken is being given back; then the window is closed again.
alter table clearing.settlement_window drop constraint settlement_window_state_check;
alter table clearing.settlement_window add constraint settlement_window_state_check
  check (state in ('open', 'closed', 'proposed', 'settling', 'aborting', 'settled'));

-- `held`: taken back by two operators; it waits to be proposed again. While a window is aborted, its obligations are of nothing, and what was paid is outstanding the other way.
alter table clearing.obligation drop constraint obligation_amount_check;
alter table clearing.obligation drop constraint obligation_state_check;
alter table clearing.obligation add constraint obligation_state_check check (state in ('proposed', 'approved', 'held', 'paid'));

-- What was paid of obligations. A row is written before the ledger is asked, and the ledger's transaction has a key made of its key, so that each is posted once.
-- Rows outlive their obligation: what was given back stands beside what was taken.
create table clearing.part_payment (
  window_id integer not null references clearing.settlement_window,
  participant text not null,
  basis text not null,
  -- 1, 2, 3 … of one obligation. One is planned at a time.
  number integer not null check (number > 0),
  -- What the participant is paid (positive) or pays; nothing where its share of a round is less than a minor unit.
  amount bigint not null,
  state text not null check (state in ('planned', 'posted')),
  paid_from text not null check (paid_from in ('prefund', 'outside')),
  bank_reference text,
  -- The distribution that it belongs to, the claim that took part in it, and what had been paid of that claim before; null for what comes in.
  round integer,
  claim bigint,
  paid_before bigint,
  planned_at timestamptz not null,
  transaction_id uuid,
  posted_at timestamptz,
  primary key (window_id, participant, basis, number),
  constraint part_payment_posted check ((state = 'posted') = (posted_at is not null)),
  constraint part_payment_has_transaction check ((state = 'posted' and amount <> 0) = (transaction_id is not null)),
  constraint part_payment_of_round check ((round is null) = (claim is null) and (claim is null) = (paid_before is null)),
  constraint part_payment_share check (round is null or (amount >= 0 and paid_before >= 0 and paid_before + amount <= claim))
);

insert into clearing.part_payment (window_id, participant, basis, number, amount, state, paid_from, bank_reference, planned_at, transaction_id, posted_at)
select window_id, participant, basis, 1, amount, 'posted', paid_from, bank_reference, coalesce(paid_at, now()), transaction_id, coalesce(paid_at, now())
  from clearing.obligation where state = 'paid';

-- What one operator proposes to do with a window that is being settled, and another one approves.
create table clearing.settlement_act (
  act_id uuid primary key,
  window_id integer not null references clearing.settlement_window,
  kind text not null check (kind in ('leave_out', 'abort', 'take_back')),
  -- Who is left out; whose obligations are taken back, all of them when empty.
  participants text[] not null,
  reason text not null,
  state text not null default 'open' check (state in ('open', 'approved', 'withdrawn')),
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  -- Of `leave_out`: when the platform was suspended; whoever comes after a crash does so.
  suspended_at timestamptz,
  constraint settlement_act_decided check ((state = 'open') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
  constraint settlement_act_maker_is_not_checker check (state <> 'approved' or decided_by <> proposed_by)
);

create unique index settlement_act_one_open on clearing.settlement_act (window_id) where state = 'open';
create index settlement_act_to_suspend on clearing.settlement_act (act_id) where kind = 'leave_out' and state = 'approved' and suspended_at is null;

-- What of an unpaid window went over to a later one when a defaulter was left out: subtracted here, added there to what is netted. Of one act it sums to zero; when the window is aborted afterwards, a platform may be left out again.
create table clearing.carried_over (
  act_id uuid not null references clearing.settlement_act,
  window_id integer not null references clearing.settlement_window,
  left_out text not null,
  participant text not null,
  -- Of the obligation that it comes out of; in the later window it is netted.
  basis text not null,
  amount bigint not null check (amount <> 0),
  to_window_id integer not null references clearing.settlement_window,
  carried_at timestamptz not null,
  primary key (act_id, participant, basis),
  constraint carried_over_to_later check (to_window_id > window_id)
);

create index carried_over_from on clearing.carried_over (window_id);
create index carried_over_to on clearing.carried_over (to_window_id);

-- Since when no withdrawal may take a prefund below what closed windows owe: the audit judges no earlier one.
alter table clearing.settlement_setting add column withdrawals_bounded_since timestamptz not null default now();
