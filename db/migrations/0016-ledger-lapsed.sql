-- What lapsed and what of it a reversal took out of the expired points again: read when a transaction that credited an ended lot is reversed.

create index transaction_lapse on ledger.transaction (bucket, member_id) where kind = 'expire' or (kind = 'reverse' and details ? 'from_expired');
