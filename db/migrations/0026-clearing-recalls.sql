-- Recalls: a source asks for the points of a posted transfer, and the target platform agrees or does not. Nothing is frozen meanwhile.

create table clearing.recall (
  -- That of the transaction; the id of a recall tells it.
  bucket integer not null,
  -- Derives from the source and the idempotency key under which it was asked for.
  recall_id uuid not null,
  transaction_id uuid not null,
  -- Of the request, to tell a retry from a reused key.
  fingerprint text not null,
  source_platform text not null,
  target_platform text not null,
  source_member uuid not null,
  target_member uuid not null,
  -- Minor units of the source platform's points, and what the receiver got for it in those of the target's.
  amount bigint not null check (amount > 0),
  credited bigint not null check (credited >= 0),
  reason text not null,
  -- src/clearing/recalls/states.ts has the table.
  state text not null check (state in ('asked', 'taking', 'taken', 'refused', 'withdrawn', 'failed')),
  -- By when the target has to answer.
  due_at timestamptz,
  -- When a loop looks at it next; null when nothing is left to do.
  next_at timestamptz,
  -- The ledger's transaction that takes the points back; its id is known before it is posted.
  resolution_id uuid not null,
  -- Why the last attempt to take them came to nothing.
  problem text,
  asked_at timestamptz not null,
  changed_at timestamptz not null,
  -- Goes up with every change, so that of two who change the same state one is too late.
  revision integer not null default 1,
  constraint recall_pkey primary key (bucket, recall_id),
  constraint recall_asked_has_due_date check ((state = 'asked') = (due_at is not null))
);

create index recall_of_transaction on clearing.recall (bucket, transaction_id);
create index recall_of_resolution on clearing.recall (bucket, resolution_id);
create index recall_of_source on clearing.recall (source_platform, asked_at desc, recall_id);
create index recall_of_target on clearing.recall (target_platform, asked_at desc, recall_id);
create index recall_next on clearing.recall (next_at) where next_at is not null;

-- What happened to a recall: who, when, what, why. Never changed.
create table clearing.recall_step (
  bucket integer not null,
  recall_id uuid not null,
  step integer not null,
  taken_at timestamptz not null,
  -- `clock`: the due date passed; `ledger`: what was agreed was carried out.
  actor text not null check (actor in ('platform', 'clock', 'ledger')),
  actor_id text,
  action text not null,
  state_before text,
  state_after text not null,
  text text,
  constraint recall_step_pkey primary key (bucket, recall_id, step)
);

-- A recall at a connected target is a saga of its own: the target deducts, a connected source adds, then the ledger reverses.
alter table clearing.saga drop constraint saga_purpose_check;
alter table clearing.saga add constraint saga_purpose_check check (purpose in ('transfer', 'reversal', 'recall'));

-- As before, and what recalls move.
create or replace view clearing.expected_effect as
select s.bucket, s.transaction_id, side.platform_id, side.member_id,
       case when s.state = 'failed' then 0
            when s.state <> 'completed' then null
            when r.state = 'completed' then 0
            when r.state is not null then null
            else side.effect end as effect,
       greatest(s.changed_at, r.changed_at) as changed_at
  from clearing.saga s
  left join clearing.saga r on r.bucket = s.bucket and r.transaction_id = s.transaction_id and r.purpose = 'reversal'
 cross join lateral (values (s.source_platform, s.source_member, -s.amount, s.source_connected), (s.target_platform, s.target_member, s.credited, s.target_connected))
       as side (platform_id, member_id, effect, connected)
 where s.purpose in ('transfer', 'recall') and side.connected;
