-- What a connected platform has not credited of a transfer, and two operators have had given back at its
-- source: the platform is not expected to have it any more.

create table clearing.break_adjustment (
  bucket integer not null,
  -- The dispute that carries it out.
  dispute_id uuid not null,
  transaction_id uuid not null,
  platform_id text not null,
  break_id uuid not null references clearing.break (break_id),
  -- Minor units of the platform's points.
  missing bigint not null check (missing > 0),
  decided_at timestamptz not null,
  constraint break_adjustment_pkey primary key (bucket, dispute_id)
);

alter table clearing.break drop constraint break_resolution_check;
alter table clearing.break add constraint break_resolution_check
  check (resolution in ('vanished', 'asked', 'recheck', 'accepted', 'adjusted'));
alter table clearing.break_action drop constraint break_action_action_check;
alter table clearing.break_action add constraint break_action_action_check
  check (action in ('recheck', 'accept', 'note', 'adjust'));

-- As before, without what was adjusted.
create or replace view clearing.expected_effect as
select s.bucket, s.transaction_id, side.platform_id, side.member_id,
       case when s.state = 'failed' then 0
            when s.state <> 'completed' then null
            when r.state = 'completed' then 0
            when r.state is not null then null
            else side.effect - coalesce(a.missing, 0) end as effect,
       greatest(s.changed_at, r.changed_at) as changed_at
  from clearing.saga s
  left join clearing.saga r on r.bucket = s.bucket and r.transaction_id = s.transaction_id and r.purpose = 'reversal'
 cross join lateral (values (s.source_platform, s.source_member, -s.amount, s.source_connected), (s.target_platform, s.target_member, s.credited, s.target_connected))
       as side (platform_id, member_id, effect, connected)
  left join (select bucket, transaction_id, platform_id, sum(missing)::bigint as missing
               from clearing.break_adjustment group by 1, 2, 3) a
    on a.bucket = s.bucket and a.transaction_id = s.transaction_id and a.platform_id = side.platform_id
 where s.purpose in ('transfer', 'recall') and side.connected;
