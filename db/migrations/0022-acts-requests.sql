-- Acts that take two persons: one asks, another approves, and what is done is done in these words. And who made whom.

create schema acts;

create table acts.request (
  request_id uuid primary key,
  act text not null,
  -- Text by name; of what nobody may see, a digest.
  arguments jsonb not null,
  -- What nobody may see, sealed under the network's master key; gone when the request has ended.
  sealed bytea,
  words text not null,
  circumstances jsonb not null,
  fingerprint text not null,
  reason text not null,
  state text not null default 'open' check (state in ('open', 'approved', 'done', 'failed', 'rejected', 'withdrawn', 'expired')),
  made_by text not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  ended_at timestamptz,
  outcome jsonb,
  failed_with text,
  constraint request_decided check ((state in ('open', 'expired')) = (decided_by is null)),
  constraint request_asker_is_not_approver check (state not in ('approved', 'done', 'failed') or decided_by <> made_by),
  constraint request_ended check ((state in ('open', 'approved')) = (ended_at is null)),
  constraint request_sealed_while_open check (sealed is null or state in ('open', 'approved'))
);

create index request_made on acts.request (made_at desc);
create index request_under_way on acts.request (state) where state in ('open', 'approved');

-- Who made an operator, its tokens and its states, one row for each change. Operators older than this table have none from their beginning.
create table identity.operator_change (
  operator_id text not null references identity.operator,
  changed_at timestamptz not null,
  change text not null check (change in ('added', 'token', 'suspended', 'resumed', 'recovered')),
  -- Null where nobody was there to ask: the first operators of a network, and whoever owns its machine.
  made_by text,
  approved_by text,
  request_id uuid,
  reason text not null default '',
  primary key (operator_id, changed_at, change)
);
