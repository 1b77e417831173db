-- Reconciliation: what connected platforms say of themselves, the comparisons with it, and the differences that were found.

-- One row for each platform. Whoever reconciles it holds this row's lock, so that one process at a time does.
create table clearing.reconciled_platform (
  platform_id text primary key,
  -- The reading of its statement that is compared; a full run makes another one beside it, which then takes its place.
  generation integer not null default 1
);

-- What a connected platform's users held before its statement begins: its total at the first quiet moment less the effect of all lines until then.
-- Moved when an operator accepts a difference of totals.
create table clearing.total_baseline (
  platform_id text primary key,
  opening_total numeric(30) not null
);

-- How far a platform's statement has been read.
create table clearing.statement (
  platform_id text not null,
  generation integer not null,
  -- Where to read on; null for the beginning.
  next_cursor text,
  -- Number of the last line here.
  last_sequence bigint not null default 0,
  -- Effect of all lines, minor units; the platform's own business included.
  effect_sum numeric(30) not null default 0,
  -- Lines of the platform's own business: counted and summed, not kept.
  other_lines bigint not null default 0,
  -- Up to where, and what changed here until when, a complete run has compared.
  merged_sequence bigint not null default 0,
  merged_at timestamptz,
  constraint statement_pkey primary key (platform_id, generation)
);

-- Lines of platforms' statements in the platforms' order. Not a table of the hot path: it is written a page at a time by the reconciliation alone.
create table clearing.statement_line (
  platform_id text not null,
  generation integer not null,
  sequence bigint not null,
  effect bigint not null,
  -- The network's transaction; null when the platform names something that cannot be one.
  transaction_id uuid,
  -- d deduct, a add, r reverse
  operation "char" not null check (operation in ('d', 'a', 'r')),
  -- What the platform wrote instead.
  reference text,
  constraint statement_line_pkey primary key (platform_id, generation, sequence),
  constraint statement_line_names_something check ((transaction_id is null) <> (reference is null))
);

-- With all that a comparison reads, so that it reads lines in order of transactions without looking each of them up: a quarter of the time.
create index statement_line_of_transaction on clearing.statement_line (platform_id, generation, transaction_id) include (operation, effect) where transaction_id is not null;
create index statement_line_foreign on clearing.statement_line (platform_id, generation, reference) where reference is not null;

-- Sagas are written once and change soon after, so ranges of blocks find those that changed lately; unlike a tree it costs their updates nothing.
create index saga_changed on clearing.saga using brin (changed_at) with (pages_per_range = 32, autosummarize = on);

create table clearing.reconciliation_run (
  run_id uuid primary key,
  platform_id text not null,
  mode text not null check (mode in ('incremental', 'full')),
  -- The operator who asked for it; null when it was its time.
  asked_by text,
  asked_at timestamptz not null,
  state text not null check (state in ('queued', 'running', 'complete', 'incomplete')),
  started_at timestamptz,
  finished_at timestamptz,
  -- Why it is incomplete.
  reason text,
  -- Lines that the platform told in this run.
  lines_read bigint not null default 0,
  -- Transactions that were compared, and how many of them agree or are under way.
  compared bigint not null default 0,
  matched bigint not null default 0,
  under_way bigint not null default 0,
  -- Breaks seen in this run by category.
  breaks jsonb not null default '{}',
  opened integer not null default 0,
  resolved integer not null default 0,
  -- What the comparison of totals came to, and both figures in minor units.
  total_state text check (total_state in ('agrees', 'differs', 'moving', 'baseline')),
  total_ours numeric(30),
  total_theirs numeric(30)
);

create index reconciliation_run_of_platform on clearing.reconciliation_run (platform_id, asked_at desc);
create index reconciliation_run_open on clearing.reconciliation_run (asked_at) where state in ('queued', 'running');

create table clearing.break (
  break_id uuid primary key,
  platform_id text not null,
  category text not null check (category in ('missing_here', 'missing_there', 'amount', 'duplicate', 'late', 'unknown_reference', 'total')),
  -- What differs: a transaction as the platform names it, or `total`.
  subject text not null,
  -- The network's transaction, when it is one.
  transaction_id uuid,
  -- Minor units; null where a side has nothing, or has not finished.
  ours numeric(30),
  theirs numeric(30),
  state text not null check (state in ('open', 'resolved', 'accepted')),
  first_seen_at timestamptz not null,
  -- When it was opened last; its age counts from here.
  opened_at timestamptz not null,
  last_seen_at timestamptz not null,
  last_run_id uuid not null,
  times_opened integer not null default 1,
  closed_at timestamptz,
  -- How it was closed: vanished (a later run found none), asked (the platform was asked again and agrees), recheck (by an operator, likewise), accepted.
  resolution text check (resolution in ('vanished', 'asked', 'recheck', 'accepted')),
  constraint break_closed check ((state = 'open') = (closed_at is null) and (state = 'open') = (resolution is null))
);

create unique index break_once on clearing.break (platform_id, (category = 'total'), subject);
create index break_open on clearing.break (platform_id, opened_at) where state <> 'resolved';

-- What operators did about breaks.
create table clearing.break_action (
  action_id uuid primary key,
  break_id uuid not null,
  acted_at timestamptz not null,
  operator_id text not null,
  action text not null check (action in ('recheck', 'accept', 'note')),
  -- Why, or what was noted, or what the recheck found.
  words text not null
);

create index break_action_of_break on clearing.break_action (break_id, acted_at);
