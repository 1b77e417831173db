-- Reversals that were posted before parts rounded against whoever keeps the rest, and before lapsed points came out of the expired ones.

-- Conversions that were reversed in parts which rounded down, and how much of them: the next part begins there. Nothing is added later.
create table ledger.floored_reversal (
  bucket integer not null,
  transaction_id uuid not null,
  amount bigint not null check (amount > 0),
  primary key (bucket, transaction_id)
);

insert into ledger.floored_reversal (bucket, transaction_id, amount)
select r.bucket, r.transaction_id, sum(r.amount)
  from ledger.reversal r
  join ledger.transaction t on t.bucket = r.bucket and t.transaction_id = r.transaction_id and t.leg = 0 and t.kind = 'conversion'
 group by r.bucket, r.transaction_id, t.amount having sum(r.amount) < t.amount;

-- The last row of each bucket that may be such a reversal; a network made later has none. For the audit.
create table ledger.former_reversals (
  bucket integer primary key,
  through_sequence bigint not null
);

insert into ledger.former_reversals (bucket, through_sequence)
select bucket, sequence from ledger.bucket where sequence > 0;
