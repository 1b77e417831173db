-- The ledger itself knows which freezes belong to which transaction: a reversal takes from them in its own commit.

-- Of a freeze: the transaction that moved what is disputed, and since when the points are frozen. Null of every other hold.
alter table ledger.hold add column frozen_for uuid;
alter table ledger.hold add column frozen_at timestamptz;

-- Freezes that there are: a dispute over a transfer that platforms had to be asked for names its authorisation, and what that became has moved the points.
update ledger.hold h
   set frozen_for = coalesce(a.resolved_by, d.transaction_id), frozen_at = t.posted_at
  from clearing.dispute d
  left join ledger.transaction o on o.bucket = d.bucket and o.transaction_id = d.transaction_id and o.leg = 0 and o.kind = 'authorise'
  left join ledger.hold a on a.bucket = o.bucket and a.hold_id = o.transaction_id and a.state = 'captured',
       ledger.transaction t
 where d.hold_id = h.hold_id and h.expires_at = '9999-12-31 00:00:00+00' and t.bucket = h.bucket and t.transaction_id = h.hold_id and t.leg = 0;

create index hold_of_transaction on ledger.hold (bucket, frozen_for) where state = 'held' and frozen_for is not null;

-- What a platform reverses itself is disputed no more: how much of a claim that was.
alter table clearing.dispute add column reversed bigint not null default 0;
alter table clearing.dispute add constraint dispute_reversed_within_amount check (reversed between 0 and amount);
alter table clearing.dispute drop constraint dispute_state_check;
alter table clearing.dispute add constraint dispute_state_check check (state in (
  'opening', 'opened', 'contested', 'under_review', 'upholding', 'rejecting', 'withdrawing', 'reversing', 'upheld', 'rejected', 'withdrawn', 'reversed'));
alter table clearing.dispute drop constraint dispute_outcome_check;
alter table clearing.dispute add constraint dispute_outcome_check check (outcome in ('upheld', 'rejected', 'withdrawn', 'reversed'));
drop index clearing.dispute_live;
create index dispute_live on clearing.dispute (bucket, transaction_id) where state not in ('upheld', 'rejected', 'withdrawn', 'reversed');

-- How much of the transaction's reversals its disputes know of: by the platform itself, and by disputes that were upheld.
alter table clearing.disputed add column reversed bigint not null default 0;
alter table clearing.disputed add column settled bigint not null default 0;
-- What was reversed until now was left to the disputes' ends to find.
update clearing.disputed t
   set reversed = coalesce((
         select sum(r.amount) from ledger.reversal r
          where r.bucket = t.bucket and r.transaction_id = t.transaction_id
            and not exists (select from clearing.dispute d where d.bucket = t.bucket and d.resolution_id = r.reversal_id)), 0),
       settled = coalesce((
         select sum(r.amount) from ledger.reversal r join clearing.dispute d on d.bucket = t.bucket and d.resolution_id = r.reversal_id
          where r.bucket = t.bucket and r.transaction_id = t.transaction_id), 0);
