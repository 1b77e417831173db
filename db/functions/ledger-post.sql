-- ledger.post as it is in force. Posts one batch in one bucket: moves the sequence number on, then
-- writes what was decided on the state at p_expected. Raises PN001 when another writer was there
-- first; a duplicate transaction fails on transaction_once. Either way nothing is written.
-- Before this: src/ledger/commit.ts has encoded the rows. A change of this file takes effect by a
-- migration that applies it (docs/decisions/0011). Processes of the version before still call the
-- function during an upgrade: a change that they do not understand gets another list of arguments.

create or replace function ledger.post(
  p_bucket integer, p_expected bigint, p_rows_count integer, p_accounts_count integer,
  p_new ledger.account[], p_changed ledger.account_change[], p_rows ledger.transaction[],
  p_holds ledger.hold[], p_reversals ledger.reversal[], p_quotes ledger.quote_use[],
  p_signatures ledger.signature_use[]) returns void
language plpgsql as $$
begin
  update ledger.bucket
     set sequence = sequence + p_rows_count, account_count = account_count + p_accounts_count
   where bucket = p_bucket and sequence = p_expected;
  if not found then
    raise exception 'bucket % is no longer at sequence %', p_bucket, p_expected
      using errcode = 'PN001';
  end if;
  if p_new is not null then
    insert into ledger.account select * from unnest(p_new);
  end if;
  if p_changed is not null then
    -- MERGE keeps the changes on the outer side whatever the statistics say: an UPDATE ... FROM
    -- planned on an empty table would go on reading the whole bucket. An account that is not there
    -- has no owner to insert, so the batch fails.
    merge into ledger.account a using unnest(p_changed) c
       on a.bucket = p_bucket and a.account_id = c.account_id
     when matched then
       update set debits_posted = c.debits_posted, credits_posted = c.credits_posted,
           debits_pending = c.debits_pending, credits_pending = c.credits_pending,
           floor = c.floor, last_sequence = c.last_sequence
     when not matched then
       insert (bucket, account_id, last_sequence)
       values (p_bucket, c.account_id, c.last_sequence);
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
  if p_signatures is not null then
    insert into ledger.signature_use select * from unnest(p_signatures);
  end if;
end
$$;
