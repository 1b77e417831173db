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
