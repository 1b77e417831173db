-- Disputes over posted transactions: what is claimed, what is frozen, who said what, and how each ended.

create table clearing.dispute (
  -- That of the disputed transaction; the id of a dispute tells it.
  bucket integer not null,
  -- Derives from who opened it and under which idempotency key.
  dispute_id uuid not null,
  transaction_id uuid not null,
  -- Of the request that opened it, to tell a retry from a reused key.
  fingerprint text not null,
  opened_by text not null check (opened_by in ('platform', 'member', 'operator')),
  -- The platform, member or operator.
  opener_id text not null,
  claimant_side text not null check (claimant_side in ('source', 'target')),
  source_platform text not null,
  target_platform text not null,
  source_member uuid not null,
  target_member uuid not null,
  reason_code text not null,
  description text not null,
  -- Minor units of the source platform's points.
  amount bigint not null check (amount > 0),
  -- What the receiver got for it, in minor units of the target platform's points; this much is to be frozen, where points are kept here.
  credited bigint not null check (credited >= 0),
  -- The ledger's hold that freezes it; null where the target platform keeps its points itself.
  hold_id uuid,
  -- How much of it could be frozen; null until that is known.
  frozen bigint check (frozen between 0 and credited),
  -- src/clearing/disputes/states.ts has the table.
  state text not null check (state in ('opening', 'opened', 'contested', 'under_review', 'upholding', 'rejecting', 'withdrawing', 'upheld', 'rejected', 'withdrawn')),
  -- By when whoever's turn it is has to act.
  due_at timestamptz,
  -- When a loop looks at it next: at its due date, or to finish what somebody has begun; null when nothing is left to do.
  next_at timestamptz,
  outcome text check (outcome in ('upheld', 'rejected', 'withdrawn')),
  -- How it is settled when upheld: minor units of the source platform's points, and for an adjustment who pays.
  resolution text check (resolution in ('reversal', 'adjustment')),
  resolution_amount bigint check (resolution_amount > 0),
  borne_by text check (borne_by in ('source', 'target')),
  -- The ledger's transaction that settled it; null also where nothing was left to post.
  resolution_id uuid,
  -- Why the last attempt to settle it came to nothing.
  problem text,
  overdue_at timestamptz,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  -- Goes up with every change, so that of two who change the same state one is too late.
  revision integer not null default 1,
  constraint dispute_pkey primary key (bucket, dispute_id),
  constraint dispute_decided_has_outcome check ((state in ('opening', 'opened', 'contested', 'under_review')) = (outcome is null)),
  constraint dispute_upheld_has_resolution check ((outcome = 'upheld') is not true or (resolution is not null and resolution_amount is not null)),
  constraint dispute_adjustment_has_bearer check ((resolution = 'adjustment') is not true or borne_by is not null)
);

create index dispute_of_transaction on clearing.dispute (bucket, transaction_id);
create index dispute_of_source on clearing.dispute (source_platform, opened_at desc, dispute_id);
create index dispute_of_target on clearing.dispute (target_platform, opened_at desc, dispute_id);
create index dispute_next on clearing.dispute (next_at) where next_at is not null;
create index dispute_live on clearing.dispute (bucket, transaction_id) where state not in ('upheld', 'rejected', 'withdrawn');

-- One row for each transaction that was ever disputed: whoever opens a dispute over it holds the row to the end of the dbTransaction, so that all disputes together claim no more than it moved.
create table clearing.disputed (
  bucket integer not null,
  transaction_id uuid not null,
  disputes integer not null,
  constraint disputed_pkey primary key (bucket, transaction_id)
);

-- What happened to a dispute: who, when, what, why. Never changed.
create table clearing.dispute_step (
  bucket integer not null,
  dispute_id uuid not null,
  step integer not null,
  taken_at timestamptz not null,
  -- `clock`: a due date passed; `ledger`: what was decided was carried out.
  actor text not null check (actor in ('platform', 'member', 'operator', 'clock', 'ledger')),
  -- The platform, member or operator; null of clock and ledger.
  actor_id text,
  action text not null,
  state_before text,
  state_after text not null,
  text text,
  constraint dispute_step_pkey primary key (bucket, dispute_id, step)
);

create table clearing.dispute_evidence (
  bucket integer not null,
  dispute_id uuid not null,
  evidence integer not null check (evidence between 1 and 10),
  added_at timestamptz not null,
  actor text not null check (actor in ('platform', 'member', 'operator')),
  actor_id text not null,
  name text not null,
  media_type text not null,
  content bytea not null check (octet_length(content) <= 262144),
  sha256 bytea not null check (octet_length(sha256) = 32),
  constraint dispute_evidence_pkey primary key (bucket, dispute_id, evidence)
);
