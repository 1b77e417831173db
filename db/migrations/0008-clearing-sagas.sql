-- Connected platforms: who keeps an asset's balances, and the sagas that move points over platforms that keep them themselves.

-- `hosted`: members' points are accounts here. `connected`: the platform keeps them, and the account `external` shows what came from it (negative) or went to it.
alter table ledger.asset add column custody text not null default 'hosted' check (custody in ('hosted', 'connected'));

create schema clearing;

-- A transfer in which a platform has to be called, from its authorisation to its end. Written in the commit that authorises it in the ledger.
create table clearing.saga (
  bucket integer not null,
  -- The ledger transaction that authorised it (of a reversal: that reversed it).
  saga_id uuid not null,
  -- The transaction_id that platforms are called with: of a transfer its own, of a reversal that of the transfer.
  transaction_id uuid not null,
  purpose text not null check (purpose in ('transfer', 'reversal')),
  -- The step whose call is under way, or how it ended; src/clearing/saga/states.ts has the table.
  state text not null check (state in ('deducting', 'adding', 'undoing_add', 'undoing_deduct', 'completed', 'failed')),
  source_platform text not null,
  target_platform text not null,
  source_connected boolean not null,
  target_connected boolean not null,
  source_member uuid not null,
  target_member uuid not null,
  -- Minor units of the source platform's points, and of the target's.
  amount bigint not null check (amount > 0),
  credited bigint not null check (credited > 0),
  -- Calls of the present step that came to nothing.
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  -- Past it, a saga that has not ended is listed for attention.
  deadline_at timestamptz not null,
  -- Why a person has to look at it; null when nobody has to.
  attention text,
  -- What an operator has told the worker to do with it next; null for going on by the table.
  ordered text check (ordered in ('undo', 'force_completed', 'force_failed')),
  -- What the last call came to, in words.
  last_error text,
  -- Why it goes back: the platform's refusal, or who said so. Told to whoever asked for the transfer.
  refusal text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  -- Goes up with every change, so that of two workers with the same saga one is too late.
  revision integer not null default 1,
  constraint saga_pkey primary key (bucket, saga_id),
  constraint saga_crosses_a_border check (source_connected or target_connected)
);

create index saga_open on clearing.saga (bucket, next_attempt_at) where state not in ('completed', 'failed');
create index saga_attention on clearing.saga (bucket, changed_at) where attention is not null;
create index saga_of_transaction on clearing.saga (bucket, transaction_id);

-- Ends sagas with the row of the ledger that ends them. A worker that was held up may come to post a transfer that another has begun to undo at the
-- platforms: then its commit must fail. Transactions that belong to no saga, such as reviewed transfers, are passed over.
create function clearing.end_sagas(p_bucket integer, p_saga_ids uuid[], p_state text, p_now timestamptz) returns void
language plpgsql as $$
begin
  update clearing.saga set state = p_state, attention = null, ordered = null, last_error = null, changed_at = p_now, revision = revision + 1
   where bucket = p_bucket and saga_id = any (p_saga_ids)
     and state = any (case p_state when 'completed' then array['deducting', 'adding'] else array['deducting', 'adding', 'undoing_add', 'undoing_deduct'] end);
  if exists (select from clearing.saga where bucket = p_bucket and saga_id = any (p_saga_ids) and state <> p_state) then
    raise exception 'a saga that is to be % has gone another way', p_state using errcode = 'PN002';
  end if;
end
$$;

-- Which workers live: jobs of one that has not been seen for a few seconds are given to the others.
create table clearing.worker (
  -- What the queue knows it by.
  worker_id text primary key,
  seen_at timestamptz not null
);

-- What operators did to sagas, and why.
create table clearing.saga_action (
  bucket integer not null,
  saga_id uuid not null,
  acted_at timestamptz not null,
  operator_id text not null,
  action text not null check (action in ('retry', 'undo', 'force_completed', 'force_failed')),
  reason text not null,
  -- The saga's state at that moment.
  state text not null,
  constraint saga_action_pkey primary key (bucket, saga_id, acted_at)
);

-- What each transaction should have come to at a connected platform by now, in minor units of its points: negative where it was deducted, zero where
-- it failed or was reversed, null while a call is under way.
create view clearing.expected_effect as
select s.bucket, s.transaction_id, side.platform_id, side.member_id,
       case when s.state = 'failed' then 0
            when s.state <> 'completed' then null
            when r.state = 'completed' then 0
            when r.state is not null then null
            else side.effect end as effect,
       greatest(s.changed_at, r.changed_at) as changed_at
  from clearing.saga s
  left join clearing.saga r on r.bucket = s.bucket and r.transaction_id = s.transaction_id and r.purpose = 'reversal'
 cross join lateral (values (s.source_platform, s.source_member, -s.amount, s.source_connected), (s.target_platform, s.target_member, s.credited, s.target_connected))
       as side (platform_id, member_id, effect, connected)
 where s.purpose = 'transfer' and side.connected;
