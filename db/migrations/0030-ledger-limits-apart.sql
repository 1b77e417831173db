-- Limits of platforms that joined beside a running process were counted in asset 0, which nobody knows, all of them on one account of each
-- member and period. They are counted in the assets of their limits now: which limit drew is read off the version that the row was decided
-- under. Points, members, amounts and ids of rows stay as they are; the rows that are changed are kept in ledger.limit_row_before.

create table ledger.limit_row_before (
  bucket integer not null,
  sequence bigint not null,
  account_ids bigint[] not null,
  amounts bigint[] not null,
  balances bigint[] not null,
  layers text,
  asset_id integer not null,
  details jsonb,
  primary key (bucket, sequence)
);

do $$
declare
  one record;
  number bigint;
  freed bigint;
  last_id bigint;
begin
  if not exists (select from ledger.account where asset_id = 0) then return; end if;

  create temp table zero_account on commit drop as
    select bucket, account_id, owner_id, purpose, expires_on from ledger.account where asset_id = 0;

  create temp table limit_rule on commit drop as
    select r.version, e.key as rule_id, coalesce((e.value ->> 'priority')::numeric, 1000) as priority, e.value -> 'limit' ->> 'per' as per,
           e.value -> 'limit' ->> 'of' as subject, (e.value ? 'when') as conditional, coalesce(e.value -> 'operations', '["conversion"]'::jsonb) as operations,
           (e.value ->> 'from')::timestamptz as from_at, (e.value ->> 'until')::timestamptz as until_at, r.document -> 'settings' ->> 'time_zone' as zone
      from valuation.rulebook r, jsonb_each(r.document -> 'rules') e
     where e.value ->> 'kind' = 'limit' and e.value -> 'limit' ->> 'measure' = 'points' and e.value -> 'limit' ->> 'per' <> 'transaction';

  create temp table zero_entry on commit drop as
    select t.bucket, t.sequence, e.position, e.account_id, e.amount, z.owner_id, z.purpose, z.expires_on, t.transaction_id, t.related_id, t.kind, t.posted_at,
           t.rulebook_version, p.platform_id, t.details
      from zero_account z
      join ledger.transaction t on t.bucket = z.bucket and t.account_ids @> array[z.account_id]
      cross join lateral unnest(t.account_ids, t.amounts) with ordinality as e (account_id, amount, position)
      left join ledger.asset p on p.asset_id = t.asset_id
     where e.account_id = z.account_id;
  insert into ledger.limit_row_before
    select bucket, sequence, account_ids, amounts, balances, layers, asset_id, details from ledger.transaction t
     where exists (select from zero_entry z where z.bucket = t.bucket and z.sequence = t.sequence)
        or kind = 'allot' and exists (select from ledger.account a where a.bucket = t.bucket and a.account_id = (t.details ->> 'account_id')::bigint and a.purpose = 'shared_allowance');

  -- Each draw and its limit: the n-th draw of a row on an account is the n-th limit that applied. Where conditions leave it open, limits
  -- without a condition come first.
  create temp table draw on commit drop as
    with drawn as (
      select z.*, row_number() over by_account as nth, count(*) over (partition by bucket, sequence, account_id) as draws,
             case when kind = 'authorise' or (kind = 'hold' and details ? 'review') then 'conversion' else kind end as operation
        from zero_entry z where purpose in ('allowance', 'shared_allowance') and amount < 0
      window by_account as (partition by bucket, sequence, account_id order by position)),
    applied as (
      select d.bucket, d.sequence, d.account_id, d.position, d.nth, d.draws, l.rule_id, l.priority,
             row_number() over (partition by d.bucket, d.sequence, d.position order by l.conditional, l.priority, l.rule_id) as likely
        from drawn d
        join limit_rule l on l.version = d.rulebook_version and l.operations ? d.operation
         and (l.subject = 'member') = (d.purpose = 'allowance')
         and (l.subject <> 'platform' or exists (select from identity.platform i where i.platform_id = d.platform_id and i.owner_id = d.owner_id))
         and (l.subject <> 'pair' or not exists (select from identity.platform i where i.owner_id = d.owner_id))
         and (l.from_at is null or l.from_at <= d.posted_at) and (l.until_at is null or l.until_at > d.posted_at)
         and d.expires_on = case l.per when 'day' then (d.posted_at at time zone l.zone)::date
                              else (date_trunc('month', d.posted_at at time zone l.zone) + interval '1 month - 1 day')::date end),
    chosen as (
      select a.*, row_number() over (partition by bucket, sequence, position order by priority, rule_id) as place from applied a where likely <= draws)
    select d.bucket, d.sequence, d.position, d.account_id, d.owner_id, d.purpose, d.expires_on, d.amount, d.transaction_id,
           'limit:' || coalesce(c.rule_id, 'unknown') || '@' || coalesce(d.platform_id, '') as code, d.platform_id
      from drawn d left join chosen c on c.bucket = d.bucket and c.sequence = d.sequence and c.position = d.position and c.place = d.nth;

  -- What was given back goes to the limits that the first transaction of its chain had drawn on, each in the same part.
  create temp table part on commit drop as
    select bucket, sequence, position, 1::bigint as place, account_id, code, platform_id, amount from draw;
  for one in
    select z.bucket, z.sequence, min(z.position) as position, z.account_id, sum(z.amount) as amount, min(z.platform_id) as platform_id,
           (array_agg(z.related_id))[1] as related_id
      from zero_entry z where z.purpose in ('allowance', 'shared_allowance') and z.amount > 0 group by z.bucket, z.sequence, z.account_id
  loop
    insert into part
      with recursive chain as (
        select one.related_id as transaction_id, 0 as depth
         union all
        select t.related_id, depth + 1 from chain c join ledger.transaction t on t.bucket = one.bucket and t.transaction_id = c.transaction_id and t.leg = 0
         where c.depth < 4 and t.related_id is not null),
      origin as (
        select d.code, d.platform_id, d.position, count(*) over () as limits, row_number() over (order by d.position) as place
          from draw d where d.bucket = one.bucket and d.account_id = one.account_id and d.sequence = (
            select max(d.sequence) from draw d join chain c on c.transaction_id = d.transaction_id where d.bucket = one.bucket and d.account_id = one.account_id))
      select one.bucket, one.sequence, one.position, place, one.account_id, code, platform_id,
             div(one.amount, limits) + case when place = 1 then one.amount - div(one.amount, limits) * limits else 0 end from origin
       union all
      select one.bucket, one.sequence, one.position, 1, one.account_id, 'limit:unknown@' || coalesce(one.platform_id, ''), one.platform_id, one.amount
       where not exists (select from origin);
  end loop;
  -- Stripes of shared limits that were never drawn on have their limit from the other stripes.
  create temp table home on commit drop as
    select z.bucket, z.account_id, z.owner_id, z.purpose, z.expires_on,
           coalesce((select min(d.code) from draw d where d.owner_id = z.owner_id and d.purpose = z.purpose and d.expires_on = z.expires_on),
                    'limit:unknown@') as code
      from zero_account z where z.purpose <> 'used';

  for one in
    select code, min(platform_id) as platform_id from (select code, platform_id from part union all select code, null from home) c group by code order by code
  loop
    insert into ledger.asset (asset_id, code, kind, scale, platform_id)
      select (select max(asset_id) + 1 from ledger.asset), one.code, 'allowance',
             coalesce((select scale from ledger.asset where kind = 'points' and platform_id = one.platform_id), 2), one.platform_id
    on conflict (code) do nothing;
  end loop;

  -- The accounts: the one of asset 0 becomes that of one limit; of the others, and of what has used them, new ones are made.
  create temp table target (bucket integer, owner_id uuid, purpose text, expires_on date, asset_id integer, code text, account_id bigint, old_id bigint) on commit drop;
  insert into target
    select distinct p.bucket, z.owner_id, z.purpose, z.expires_on, a.asset_id, p.code, null::bigint, p.account_id
      from part p join zero_account z on z.bucket = p.bucket and z.account_id = p.account_id join ledger.asset a on a.code = p.code;
  insert into target
    select h.bucket, h.owner_id, h.purpose, h.expires_on, a.asset_id, h.code, null, h.account_id from home h join ledger.asset a on a.code = h.code
     where not exists (select from target t where t.bucket = h.bucket and t.old_id = h.account_id and t.code = h.code);
  insert into target
    select distinct p.bucket, z.owner_id, 'used', z.expires_on, a.asset_id, p.code, null::bigint, z.account_id
      from part p join zero_account z on z.bucket = p.bucket and z.purpose = 'used' join ledger.asset a on a.code = p.code;
  update target t set account_id = a.account_id from ledger.account a
   where a.bucket = t.bucket and a.owner_id = t.owner_id and a.asset_id = t.asset_id and a.purpose = t.purpose and a.expires_on = t.expires_on;
  update target t set account_id = t.old_id
   where t.account_id is null and t.code = (
     select coalesce(min(s.code) filter (where exists (select from home h where h.bucket = s.bucket and h.account_id = s.old_id and h.code = s.code)), min(s.code))
       from target s where s.bucket = t.bucket and s.old_id = t.old_id and s.purpose = t.purpose and s.account_id is null);
  for one in select * from target where account_id is null order by bucket, code, owner_id, purpose, expires_on loop
    update ledger.bucket set account_count = account_count + 1 where bucket = one.bucket returning account_count into number;
    insert into ledger.account (bucket, account_id, owner_id, asset_id, purpose, expires_on, floor, last_sequence)
      values (one.bucket, number, one.owner_id, one.asset_id, one.purpose, one.expires_on, null, 0);
    update target set account_id = number where bucket = one.bucket and old_id = one.old_id and code = one.code and purpose = one.purpose;
  end loop;
  update ledger.account a set asset_id = t.asset_id from target t where a.bucket = t.bucket and a.account_id = t.account_id and a.asset_id = 0;
  update ledger.transaction t set asset_id = a.asset_id from ledger.account a
   where t.asset_id = 0 and t.kind = 'allot' and a.bucket = t.bucket and a.account_id = (t.details ->> 'account_id')::bigint and a.asset_id <> 0;

  -- The rows: each draw with what has used it, in place of the entries of asset 0.
  for one in select distinct bucket, sequence from zero_entry order by 1, 2 loop
    update ledger.transaction t set account_ids = n.account_ids, amounts = n.amounts, balances = n.amounts, layers = n.layers
      from (
        select array_agg(account_id order by position, place, half) as account_ids, array_agg(amount order by position, place, half) as amounts,
               nullif(string_agg(layer, '' order by position, place, half), repeat('p', count(*)::integer)) as layers
          from (
            select e.position, 0::bigint as place, 0 as half, e.account_id, e.amount, coalesce(substr(r.layers, e.position::integer, 1), 'p') as layer
              from ledger.transaction r cross join lateral unnest(r.account_ids, r.amounts) with ordinality as e (account_id, amount, position)
             where r.bucket = one.bucket and r.sequence = one.sequence
               and not exists (select from zero_account z where z.bucket = r.bucket and z.account_id = e.account_id)
             union all
            select p.position, p.place, half, g.account_id, case half when 0 then p.amount else -p.amount end, 'p'
              from part p cross join generate_series(0, 1) as half
              join zero_account z on z.bucket = p.bucket and z.account_id = p.account_id
              join target g on g.bucket = p.bucket and g.code = p.code
               and case half when 0 then g.old_id = p.account_id else g.purpose = 'used' end
             where p.bucket = one.bucket and p.sequence = one.sequence) entries) n
     where t.bucket = one.bucket and t.sequence = one.sequence;
  end loop;

  -- An account that is left without anything gives its number to the last one of its bucket.
  for one in
    select z.bucket, z.account_id from zero_account z join ledger.account a on a.bucket = z.bucket and a.account_id = z.account_id and a.asset_id = 0
     order by z.bucket, z.account_id desc
  loop
    freed := one.account_id;
    -- What has set its floor has set that of the account which takes its place.
    update ledger.transaction t set asset_id = g.asset_id, details = jsonb_set(details, '{account_id}', to_jsonb(g.account_id))
      from target g join home h on h.bucket = g.bucket and h.account_id = g.old_id and h.code = g.code
     where g.bucket = one.bucket and g.old_id = freed and g.purpose <> 'used' and t.bucket = one.bucket and t.kind = 'allot'
       and (t.details ->> 'account_id')::bigint = freed;
    update home set account_id = 0 where bucket = one.bucket and account_id = freed;
    update target set old_id = 0 where bucket = one.bucket and old_id = freed;
    delete from ledger.account where bucket = one.bucket and account_id = freed;
    update ledger.bucket set account_count = account_count - 1 where bucket = one.bucket returning account_count + 1 into last_id;
    if last_id <> freed then
      update ledger.transaction set account_ids = array_replace(account_ids, last_id, freed) where bucket = one.bucket and account_ids @> array[last_id];
      update ledger.transaction set details = jsonb_set(details, '{account_id}', to_jsonb(freed))
       where bucket = one.bucket and kind = 'allot' and (details ->> 'account_id')::bigint = last_id;
      update ledger.hold set account_ids = array_replace(account_ids, last_id, freed) where bucket = one.bucket and account_ids @> array[last_id];
      update ledger.account set account_id = freed where bucket = one.bucket and account_id = last_id;
      update target set account_id = freed where bucket = one.bucket and account_id = last_id;
    end if;
  end loop;

  -- Each change of a floor begins where the one before has ended.
  update ledger.transaction t set details = jsonb_set(t.details, '{floor_before}', to_jsonb(coalesce(c.floor_before, '0')))
    from (select a.bucket, a.sequence, lag(a.details ->> 'floor_after') over (partition by a.bucket, g.account_id order by a.sequence) as floor_before
            from target g join ledger.transaction a on a.bucket = g.bucket and a.kind = 'allot' and (a.details ->> 'account_id')::bigint = g.account_id
           where g.purpose = 'shared_allowance') c
   where t.bucket = c.bucket and t.sequence = c.sequence and t.details ->> 'floor_before' is distinct from coalesce(c.floor_before, '0');

  -- Balances and counters of all that was touched, from the entries.
  create temp table running on commit drop as
    select e.bucket, e.sequence, e.position, e.account_id, e.layer, e.amount,
           sum(case e.layer when 'd' then -e.amount else e.amount end) over (partition by e.bucket, e.account_id, e.layer order by e.sequence, e.position) as balance
      from ledger.entry e where exists (select from target t where t.bucket = e.bucket and t.account_id = e.account_id);
  create index on running (bucket, sequence);
  update ledger.transaction t set balances = (
      select array_agg(coalesce(r.balance::bigint, b.balance) order by b.position)
        from unnest(t.balances) with ordinality as b (balance, position)
        left join running r on r.bucket = t.bucket and r.sequence = t.sequence and r.position = b.position)
   where exists (select from running r where r.bucket = t.bucket and r.sequence = t.sequence);
  -- Of the other entries of a changed row the balances are as they were.
  update ledger.transaction t set balances = (
      select array_agg(coalesce(r.balance::bigint, o.balance) order by e.position)
        from unnest(t.account_ids, t.amounts) with ordinality as e (account_id, amount, position)
        left join running r on r.bucket = t.bucket and r.sequence = t.sequence and r.position = e.position
        left join lateral (
          select b.balance, row_number() over (order by b.position) as nth from unnest(old.account_ids, old.balances) with ordinality as b (account_id, balance, position)
           where not exists (select from zero_account z where z.bucket = old.bucket and z.account_id = b.account_id)) o
          on o.nth = (select count(*) from unnest(t.account_ids) with ordinality as k (account_id, position)
                       where k.position <= e.position and not exists (select from running x where x.bucket = t.bucket and x.sequence = t.sequence and x.position = k.position)))
    from ledger.limit_row_before old
   where old.bucket = t.bucket and old.sequence = t.sequence and cardinality(t.account_ids) > 0;
  update ledger.account a set
      credits_posted = coalesce(s.credits_posted, 0), debits_posted = coalesce(s.debits_posted, 0), credits_pending = coalesce(s.credits_pending, 0),
      debits_pending = coalesce(s.debits_pending, 0),
      floor = case when a.purpose <> 'shared_allowance' then a.floor
                   else least(coalesce(f.floor_after, 0), coalesce(s.credits_posted, 0) - coalesce(s.debits_posted, 0)) end,
      last_sequence = coalesce(greatest(s.last_sequence, (
        select max(t.sequence) from ledger.transaction t where t.bucket = a.bucket and t.kind = 'allot' and (t.details ->> 'account_id')::bigint = a.account_id)), 0)
    from target g
    left join lateral (
      select max(sequence) as last_sequence, sum(amount) filter (where layer = 'p' and amount > 0) as credits_posted,
             -sum(amount) filter (where layer = 'p' and amount < 0) as debits_posted, sum(amount) filter (where layer = 'c') as credits_pending,
             -sum(amount) filter (where layer = 'd') as debits_pending
        from running r where r.bucket = g.bucket and r.account_id = g.account_id) s on true
    left join lateral (
      select (t.details ->> 'floor_after')::bigint as floor_after from ledger.transaction t
       where t.bucket = g.bucket and t.kind = 'allot' and (t.details ->> 'account_id')::bigint = g.account_id order by t.sequence desc limit 1) f on true
   where a.bucket = g.bucket and a.account_id = g.account_id;

  -- A stripe that has a new floor by that has a row that says so.
  for one in
    select a.*, coalesce(f.floor_after, 0) as floor_before from ledger.account a join target g on g.bucket = a.bucket and g.account_id = a.account_id
      left join lateral (
        select (t.details ->> 'floor_after')::bigint as floor_after from ledger.transaction t
         where t.bucket = g.bucket and t.kind = 'allot' and (t.details ->> 'account_id')::bigint = g.account_id order by t.sequence desc limit 1) f on true
     where a.purpose = 'shared_allowance' and a.floor <> coalesce(f.floor_after, 0)
     order by a.bucket, a.account_id
  loop
    update ledger.bucket set sequence = sequence + 1 where bucket = one.bucket returning sequence into number;
    insert into ledger.transaction (bucket, asset_id, sequence, posted_at, amount, fingerprint, leg, transaction_id, member_id, kind, details, account_ids, amounts, balances)
      values (one.bucket, one.asset_id, number, now(), -one.floor, 0, 0,
              (lpad(to_hex(one.bucket), 4, '0') || substr(md5(random()::text || clock_timestamp()::text), 1, 28))::uuid, one.owner_id, 'allot',
              jsonb_build_object('account_id', one.account_id, 'floor_before', one.floor_before::text, 'floor_after', one.floor::text), '{}', '{}', '{}');
    update ledger.account set last_sequence = number where bucket = one.bucket and account_id = one.account_id;
  end loop;
end
$$;
