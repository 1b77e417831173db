-- Who runs the network, and what platforms say of their users.

create table identity.operator (
  operator_id text primary key check (operator_id ~ '^[a-z][a-z0-9_.-]{1,39}$'),
  -- SHA-256 of the bearer token; the token itself is told once and kept nowhere.
  token_hash bytea not null unique check (length(token_hash) = 32),
  state text not null default 'active' check (state in ('active', 'suspended')),
  created_at timestamptz not null default now()
);

alter table identity.link
  -- Sorted and each once.
  add column tags text[] not null default '{}' constraint link_tags_are_few check (cardinality(tags) <= 20),
  -- When tags were last set, null when never; goes up with every change of the row's tags, so that processes find what is new to them.
  add column tags_changed_at timestamptz;

create index link_by_tag_change on identity.link (tags_changed_at) where tags_changed_at is not null;
