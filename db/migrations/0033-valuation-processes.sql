-- Which version of the rulebook each running process has in force: an approval is told to be in force
-- once it is in all of them. A process writes its own row, and takes it out when it stops.

create table valuation.process (
  process_id uuid primary key,
  version integer not null,
  seen_at timestamptz not null default now()
);
