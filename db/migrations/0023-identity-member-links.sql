-- Users that operators have linked to a member: on whose word, and why. The link itself is a row of identity.link as any other.

create table identity.member_link (
  platform_id text not null,
  platform_user_id text not null,
  member_id uuid not null references identity.member,
  made_by text not null,
  approved_by text,
  -- The request that was approved.
  request_id uuid,
  reason text not null,
  linked_at timestamptz not null default now(),
  primary key (platform_id, platform_user_id),
  foreign key (platform_id, platform_user_id) references identity.link,
  constraint member_link_approved_by_another check (approved_by <> made_by)
);

create index member_link_of_member on identity.member_link (member_id);
