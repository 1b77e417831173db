-- Who takes part: platforms, members, and which platform user is which member.

create schema identity;

create table identity.platform (
  platform_id text primary key check (platform_id ~ '^[a-z][a-z0-9_]{2,39}$'),
  -- The account owner that stands for this platform in the ledger.
  owner_id uuid not null unique,
  name text not null,
  custody text not null check (custody in ('hosted', 'connected')),
  state text not null default 'active' check (state in ('active', 'suspended')),
  -- The request-signing secret, sealed under the network's master key.
  sealed_secret bytea not null,
  -- Tokens issued under an older version are refused.
  token_version integer not null default 1,
  -- Goes up with every change of the row: processes compare count and sum over all rows to notice each other's changes.
  revision bigint not null default 1,
  created_at timestamptz not null default now()
);

create table identity.member (
  member_id uuid primary key,
  created_at timestamptz not null default now()
);

create table identity.link (
  platform_id text not null references identity.platform,
  platform_user_id text not null check (length(platform_user_id) between 1 and 128),
  member_id uuid not null references identity.member,
  created_at timestamptz not null default now(),
  primary key (platform_id, platform_user_id),
  -- A member has one account on a platform.
  constraint link_one_user_per_member unique (platform_id, member_id)
);

create index link_of_member on identity.link (member_id);
