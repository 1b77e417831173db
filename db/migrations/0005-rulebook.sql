-- The rulebook: all that an operator decides, as versions; proposals that lead to them; and what the ledger keeps of them.

-- One version is one document (src/valuation/rulebook-schema.ts). Versions take effect in their order and are never changed.
create table valuation.rulebook (
  version integer primary key,
  document jsonb not null,
  effective_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- Who brought it about: the maker of its proposal, or `onboarding`.
  author text not null,
  proposal_id uuid,
  -- Asset ids by code of what this version counts; known once it is in force.
  assets jsonb,
  activated_at timestamptz,
  constraint rulebook_active_with_assets check ((activated_at is null) = (assets is null))
);

-- A change that one operator makes and another one decides.
create table valuation.proposal (
  proposal_id uuid primary key,
  made_by text not null,
  made_at timestamptz not null,
  reason text not null,
  -- [{item, before, after}] against the version it was made on.
  changes jsonb not null,
  base_version integer not null references valuation.rulebook,
  -- When it should take effect; as soon as its notice is over when null.
  effective_at timestamptz,
  -- Takes effect without notice.
  urgent boolean not null default false,
  state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'withdrawn')),
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  -- The version it became.
  version integer references valuation.rulebook,
  constraint proposal_decided check ((state = 'open') = (decided_by is null)),
  constraint proposal_maker_is_not_checker check (state <> 'approved' or decided_by <> made_by),
  constraint proposal_approved_has_version check ((state = 'approved') = (version is not null))
);
create index proposal_made on valuation.proposal (made_at desc);

-- What happened to rules and rewards, in order without a gap; read by cursor.
create table valuation.event (
  event_id bigint primary key,
  occurred_at timestamptz not null,
  type text not null,
  -- The platform it concerns; null for all.
  platform_id text,
  data jsonb not null
);

-- What was in force before there were versions becomes version 1.
insert into valuation.rulebook (version, document, effective_at, author, assets, activated_at)
select 1, jsonb_build_object(
         'settings', jsonb_build_object('time_zone', 'UTC', 'notice_hours', 0, 'fees', 'first', 'bonuses', 'first', 'detour_tolerance', '0', 'quote_seconds', 60),
         'values', jsonb_build_object('base_value', (select base_value::text from valuation.base)),
         'platforms', coalesce((select jsonb_object_agg(a.platform_id, jsonb_build_object('multiplier', coalesce(m.multiplier, 1)::text)
                                       || case when a.lifetime_days is null then '{}' else jsonb_build_object('expiry', jsonb_build_object('policy', 'rolling_days', 'days', a.lifetime_days)) end)
                                  from ledger.asset a left join valuation.platform_multiplier m using (platform_id) where a.kind = 'points'), '{}'),
         'categories', coalesce((select jsonb_object_agg(category, jsonb_build_object('multiplier', multiplier::text)) from valuation.category_multiplier), '{}'),
         'rules', '{}'::jsonb,
         'earn', '{}'::jsonb,
         'rewards', coalesce((select jsonb_object_agg(platform_id, list) from (
             select r.platform_id, jsonb_object_agg(r.reward_id, jsonb_build_object(
                      'name_zh', r.name_zh, 'name_en', r.name_en, 'description_zh', r.description_zh, 'description_en', r.description_en,
                      'points_required', (r.points_required / power(10::numeric, p.scale))::numeric(24, 2)::text, 'stock', coalesce(c.amount, 0), 'active', r.active)) as list
               from rewards.reward r join ledger.asset p on p.kind = 'points' and p.platform_id = r.platform_id
               left join ledger.cap c on c.asset_id = r.asset_id and c.purpose = 'stock'
              group by r.platform_id) listed), '{}')),
       now(), 'onboarding',
       coalesce((select jsonb_object_agg(code, asset_id) from ledger.asset where kind = 'reward'), '{}'), now();

drop table valuation.base;
drop table valuation.platform_multiplier;
drop table valuation.category_multiplier;
drop table rewards.reward;

-- How long points live is in the rulebook now; an allowance counts what a limit still allows.
alter table ledger.asset drop column lifetime_days;
alter table ledger.asset drop constraint asset_kind_check, drop constraint asset_check;
alter table ledger.asset add constraint asset_kind_check check (kind in ('points', 'settlement', 'reward', 'allowance'));
alter table ledger.asset add constraint asset_has_platform check (case kind when 'settlement' then platform_id is null when 'allowance' then true else platform_id is not null end);

-- The version of the rulebook that the transaction was decided under; null for what asks no rules.
alter table ledger.transaction add column rulebook_version integer;

-- A quote is used once: by the transaction that notes its nonce here, in its own commit.
create table ledger.quote_use (
  bucket integer not null,
  nonce uuid not null,
  transaction_id uuid not null,
  constraint quote_use_pkey primary key (bucket, nonce)
);

drop function ledger.post;

-- Posts one batch in one bucket: moves the sequence number on, then writes what was decided on the state at p_expected.
-- Raises PN001 when another writer was there first; a duplicate transaction fails on transaction_once. Either way nothing is written.
create function ledger.post(
  p_bucket integer, p_expected bigint, p_rows_count integer, p_accounts_count integer,
  p_new ledger.account[], p_changed ledger.account_change[], p_rows ledger.transaction[],
  p_holds ledger.hold[], p_reversals ledger.reversal[], p_quotes ledger.quote_use[]) returns void
language plpgsql as $$
begin
  update ledger.bucket set sequence = sequence + p_rows_count, account_count = account_count + p_accounts_count
   where bucket = p_bucket and sequence = p_expected;
  if not found then
    raise exception 'bucket % is no longer at sequence %', p_bucket, p_expected using errcode = 'PN001';
  end if;
  if p_new is not null then
    insert into ledger.account select * from unnest(p_new);
  end if;
  if p_changed is not null then
    -- MERGE keeps the changes on the outer side whatever the statistics say: an UPDATE ... FROM planned on an empty table
    -- would go on reading the whole bucket. An account that is not there has no owner to insert, so the batch fails.
    merge into ledger.account a using unnest(p_changed) c on a.bucket = p_bucket and a.account_id = c.account_id
     when matched then
       update set debits_posted = c.debits_posted, credits_posted = c.credits_posted, debits_pending = c.debits_pending,
           credits_pending = c.credits_pending, floor = c.floor, last_sequence = c.last_sequence
     when not matched then
       insert (bucket, account_id, last_sequence) values (p_bucket, c.account_id, c.last_sequence);
  end if;
  if p_rows is not null then
    insert into ledger.transaction select * from unnest(p_rows);
  end if;
  if p_holds is not null then
    insert into ledger.hold select * from unnest(p_holds)
    on conflict (bucket, hold_id) do update
       set state = excluded.state, captured = excluded.captured, resolved_by = excluded.resolved_by
     where hold.bucket = p_bucket and hold.state = 'held';
  end if;
  if p_reversals is not null then
    insert into ledger.reversal select * from unnest(p_reversals);
  end if;
  if p_quotes is not null then
    insert into ledger.quote_use select * from unnest(p_quotes);
  end if;
end
$$;
