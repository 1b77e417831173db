-- One request signature stands for one operation: each that has posted leaves a mark, in the commit of its posting.

create table ledger.signature_use (
  bucket integer not null,
  -- X-Timestamp, in Unix seconds: first in the key, so that marks are written, and swept, at one end of the index.
  signed_at bigint not null,
  -- Of the signature, and in a batch of the place in it.
  mark uuid not null,
  transaction_id uuid not null,
  constraint signature_use_pkey primary key (bucket, signed_at, mark)
);

-- As the function without marks, which processes of the version before still call.
create function ledger.post(
  p_bucket integer, p_expected bigint, p_rows_count integer, p_accounts_count integer,
  p_new ledger.account[], p_changed ledger.account_change[], p_rows ledger.transaction[],
  p_holds ledger.hold[], p_reversals ledger.reversal[], p_quotes ledger.quote_use[],
  p_signatures ledger.signature_use[]) returns void
language plpgsql as $$
begin
  perform ledger.post(p_bucket, p_expected, p_rows_count, p_accounts_count, p_new, p_changed, p_rows, p_holds, p_reversals, p_quotes);
  if p_signatures is not null then
    insert into ledger.signature_use select * from unnest(p_signatures);
  end if;
end
$$;

-- Which signatures a platform may use: any that the API knows, or HTTP Message Signatures (RFC 9421) alone.
alter table identity.platform add column signing text not null default 'any' check (signing in ('any', 'rfc9421'));
