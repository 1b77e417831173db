-- Where connected platforms answer, and the token that each issued to the network.

create table clearing.connection (
  platform_id text primary key check (platform_id ~ '^[a-z][a-z0-9_]{2,39}$'),
  -- Base URL; the connector API lies under it at /api/internal/. Null once the connection is removed: the row stays, so that its revision only goes up.
  url text,
  -- The platform's bearer token, sealed under the network's master key.
  sealed_token bytea,
  -- An operator, or the part of the program that did it.
  changed_by text not null,
  changed_at timestamptz not null,
  -- Goes up with every change of the row: processes compare count and sum over all rows to notice each other's changes.
  revision bigint not null default 1,
  constraint connection_whole_or_removed check ((url is null) = (sealed_token is null))
);
