-- The feed in a schema of its own; what the network tells platforms of transactions; webhooks.

create schema feed;

-- What happened in the network, in order without a gap; read by cursor. Owned by src/runtime/feed.ts.
alter table valuation.event set schema feed;

-- A platform reads its own events on from where it was, however many there are of others.
create index event_of_platform on feed.event (platform_id, event_id);
create index event_of_all on feed.event (event_id) where platform_id is null;

-- The number given last. Whoever appends holds its row to the end of the dbTransaction, so numbers follow the order of commits; a lock of the
-- table instead would be in the way of its autovacuum, and that in the way of it.
create table feed.head (
  singleton boolean primary key default true check (singleton),
  event_id bigint not null
);
insert into feed.head (event_id) select coalesce(max(event_id), 0) from feed.event;

-- How far the journal of each bucket has been told to platforms.
create table clearing.notice_cursor (
  bucket integer primary key,
  sequence bigint not null
);
-- What was posted before platforms were told of it is told to nobody.
insert into clearing.notice_cursor (bucket, sequence) select bucket, sequence from ledger.bucket;

-- Where a platform wants events sent to.
create table clearing.webhook (
  webhook_id text primary key check (webhook_id ~ '^whk_[0-9a-f]{32}$'),
  -- Null for an endpoint of the operators: it gets the events of everybody.
  platform_id text,
  url text not null check (length(url) between 1 and 2048),
  description text not null default '',
  -- Such as `transfer.completed` or `transfer.*`; all when null.
  types text[],
  -- An event is not sent before the one before it is delivered or dead.
  ordered boolean not null default false,
  state text not null default 'active' check (state in ('active', 'disabled')),
  disabled_reason text check (disabled_reason in ('owner', 'gone', 'failing')),
  -- Only events after this number are sent.
  after_event_id bigint not null,
  -- The first failure after the last success; null while it works.
  failing_since timestamptz,
  last_success_at timestamptz,
  created_at timestamptz not null,
  constraint webhook_disabled_has_reason check ((state = 'disabled') = (disabled_reason is not null)),
  constraint webhook_url_once unique nulls not distinct (platform_id, url)
);

-- Keys that messages are signed with: the newest, and older ones until they end.
create table clearing.webhook_secret (
  webhook_id text not null references clearing.webhook on delete cascade,
  created_at timestamptz not null,
  -- Sealed under the network's master key.
  sealed_secret bytea not null,
  -- Null for the newest.
  ends_at timestamptz,
  constraint webhook_secret_pkey primary key (webhook_id, created_at)
);

-- How far the feed has been turned into deliveries.
create table clearing.webhook_cursor (
  singleton boolean primary key default true check (singleton),
  event_id bigint not null
);
insert into clearing.webhook_cursor (event_id) select event_id from feed.head;

-- One event for one endpoint. `dead` is the dead letter: it is sent again only when somebody asks for it.
create table clearing.webhook_delivery (
  webhook_id text not null references clearing.webhook on delete cascade,
  event_id bigint not null,
  state text not null check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  due_at timestamptz not null,
  -- The process that is sending it; counts only while that is alive.
  claimed_by uuid,
  -- HTTP status of the last answer; null when none came.
  last_status integer,
  last_error text,
  last_attempt_at timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint webhook_delivery_pkey primary key (webhook_id, event_id),
  constraint webhook_delivery_finished check ((state = 'pending') = (finished_at is null))
);
create index webhook_delivery_due on clearing.webhook_delivery (webhook_id, due_at) where state = 'pending';
create index webhook_delivery_head on clearing.webhook_delivery (webhook_id, event_id) where state = 'pending';
create index webhook_delivery_finished_at on clearing.webhook_delivery (state, finished_at) where state <> 'pending';

-- Processes that send, and when each was last seen by the database's clock. What a process has claimed that is not seen any more is free.
create table clearing.webhook_sender (
  sender_id uuid primary key,
  seen_at timestamptz not null default now()
);
