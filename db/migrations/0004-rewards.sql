-- What points buy. Stock is not here: it is an account of the ledger.

create schema rewards;

create table rewards.reward (
  platform_id text not null,
  reward_id text not null check (length(reward_id) between 1 and 64),
  -- The asset whose units are this reward.
  asset_id integer not null unique,
  name_zh text not null,
  name_en text not null,
  description_zh text not null,
  description_en text not null,
  -- Minor units of the platform's points for one unit.
  points_required bigint not null check (points_required > 0),
  active boolean not null default true,
  primary key (platform_id, reward_id)
);
