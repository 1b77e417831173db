-- Redemptions in units: each voucher counts the units that it stands for and what became of them, and its code is kept as a keyed hash only.

-- The program fills the hashes, since the key is not here, and then takes the clear codes away.
alter table rewards.voucher
  drop constraint voucher_pkey,
  drop constraint voucher_of_unit,
  alter column code drop not null,
  add column code_hash bytea,
  -- What it was given for; the others add up to it.
  add column units bigint not null default 1 check (units > 0),
  -- Until the redemption expires.
  add column usable bigint not null default 1 check (usable >= 0),
  add column fulfilled bigint not null default 0 check (fulfilled >= 0),
  -- Points and unit were given back.
  add column returned bigint not null default 0 check (returned >= 0),
  -- Only a part of their points was given back, before parts had to be whole units; they cannot be used.
  add column part_returned bigint not null default 0 check (part_returned >= 0);

-- The ledger's reversals of redemptions whose units have been taken off the vouchers: each once.
create table rewards.unit_return (
  reversal_id uuid primary key,
  redemption_id uuid not null references rewards.redemption,
  units bigint not null check (units >= 0),
  amount bigint not null check (amount > 0)
);

create index unit_return_of_redemption on rewards.unit_return (redemption_id);

-- Every handing over of units, by its idempotency key.
create table rewards.fulfilment (
  redemption_id uuid not null references rewards.redemption,
  key text not null,
  -- What the caller stated, to tell a retry from a reused key.
  stated text not null,
  -- Which units of which vouchers.
  units text not null,
  fulfilled_at timestamptz not null,
  primary key (redemption_id, key)
);

-- Points of it that were given back. `fulfilled_key` is written no more: rewards.fulfilment keeps the keys.
alter table rewards.redemption
  drop constraint redemption_fulfilled_has_key,
  add column given_back bigint not null default 0,
  add constraint redemption_given_back_within_paid check (given_back between 0 and amount);

-- Redemptions that were handed over whole although units of them had been given back, when that was possible. Nothing is added later.
create table rewards.former_delivery (
  redemption_id uuid primary key references rewards.redemption,
  -- Given back, and perhaps handed over as well.
  units bigint not null check (units > 0)
);

-- What was reversed before: units as the journal has them. A unit of which a part came back ends too, so that points given back and
-- the price of usable units stay within what was paid.
insert into rewards.unit_return (reversal_id, redemption_id, units, amount)
select v.reversal_id, r.redemption_id, coalesce(t.credited, 0), v.amount
  from rewards.redemption r
  join ledger.reversal v on v.transaction_id = r.redemption_id
  join ledger.transaction t on t.bucket = v.bucket and t.transaction_id = v.reversal_id and t.leg = 0;

update rewards.redemption r set given_back = b.amount
  from (select redemption_id, sum(amount) as amount from rewards.unit_return group by 1) b
 where b.redemption_id = r.redemption_id;

update rewards.voucher v
   set units = u.units, usable = case when u.fulfilled then 0 else u.units - u.ended end, returned = u.returned,
       fulfilled = case when u.fulfilled then u.units - u.returned else 0 end, part_returned = case when u.fulfilled then 0 else u.ended - u.returned end
  from (
    select w.redemption_id, w.unit, r.state = 'fulfilled' as fulfilled,
           case w.unit when 0 then r.quantity else 1 end as units,
           case when w.unit = 0 then b.returned when w.unit > r.quantity - b.returned then 1 else 0 end as returned,
           case when w.unit = 0 then b.ended when w.unit > r.quantity - b.ended then 1 else 0 end as ended
      from rewards.voucher w
      join rewards.redemption r using (redemption_id)
      cross join lateral (
        select coalesce(sum(x.units), 0)::bigint as returned,
               greatest(coalesce(sum(x.units), 0), ceil(r.given_back::numeric * r.quantity / r.amount))::bigint as ended
          from rewards.unit_return x where x.redemption_id = r.redemption_id) b) u
 where u.redemption_id = v.redemption_id and u.unit = v.unit;

-- Of which nothing can be used any more.
update rewards.redemption r set state = 'cancelled'
 where state in ('issued', 'expired')
   and not exists (select from rewards.voucher v where v.redemption_id = r.redemption_id and v.usable > 0)
   and exists (select from rewards.voucher v where v.redemption_id = r.redemption_id);

insert into rewards.fulfilment (redemption_id, key, stated, units, fulfilled_at)
select r.redemption_id, r.fulfilled_key, '', string_agg(case v.unit when 0 then '0*' || v.fulfilled else v.unit::text end, ' ' order by v.unit), r.changed_at
  from rewards.redemption r join rewards.voucher v using (redemption_id)
 where r.fulfilled_key is not null and v.fulfilled > 0 group by r.redemption_id;

insert into rewards.former_delivery (redemption_id, units)
select r.redemption_id, sum(v.returned) from rewards.redemption r join rewards.voucher v using (redemption_id)
 where r.state = 'fulfilled' group by 1 having sum(v.returned) > 0;

alter table rewards.voucher
  add primary key (redemption_id, unit),
  add constraint voucher_code_is_somewhere check (num_nonnulls(code, code_hash) = 1),
  add constraint voucher_units_add_up check (usable + fulfilled + returned + part_returned = units);

create unique index voucher_of_code on rewards.voucher (code_hash);
create unique index voucher_in_clear on rewards.voucher (code) where code is not null;
