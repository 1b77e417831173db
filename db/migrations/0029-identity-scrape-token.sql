-- The token under which monitors read figures: one for the network.

create table identity.scrape_token (
  only_one boolean primary key default true check (only_one),
  -- SHA-256 of the token; the token itself is told once and kept nowhere.
  token_hash bytea not null check (length(token_hash) = 32),
  changed_at timestamptz not null default now()
);
