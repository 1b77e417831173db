-- A reversal looks at the freezes for its transaction, also at those that have ended: their points may have gone to lots that end later.
drop index ledger.hold_of_transaction;
create index hold_of_transaction on ledger.hold (bucket, frozen_for) where frozen_for is not null;
