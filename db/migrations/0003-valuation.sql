-- What a point is worth (source requirement 5.1): base value × platform multiplier × category multiplier.

create schema valuation;

create table valuation.base (
  singleton boolean primary key default true check (singleton),
  -- Settlement currency for one point of multiplier 1.
  base_value numeric not null default 0.01 check (base_value > 0)
);
insert into valuation.base default values;

create table valuation.platform_multiplier (
  platform_id text primary key,
  multiplier numeric not null check (multiplier > 0)
);

create table valuation.category_multiplier (
  category text primary key,
  multiplier numeric not null check (multiplier > 0)
);
insert into valuation.category_multiplier values ('shopping', 1.0), ('gaming', 1.5), ('travel', 2.0);
