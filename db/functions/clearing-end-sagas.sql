-- clearing.end_sagas as it is in force. Ends sagas with the row of the ledger that ends them. A
-- worker that was held up may come to post a transfer that another has begun to undo at the
-- platforms: then its commit must fail. Transactions that belong to no saga, such as reviewed
-- transfers, are passed over. A change of this file takes effect by a migration that applies it
-- (docs/decisions/0011).

create or replace function clearing.end_sagas(
  p_bucket integer, p_saga_ids uuid[], p_state text, p_now timestamptz) returns void
language plpgsql as $$
begin
  update clearing.saga
     set state = p_state, attention = null, ordered = null, last_error = null, changed_at = p_now,
         revision = revision + 1
   where bucket = p_bucket and saga_id = any (p_saga_ids)
     and state = any (
       case p_state
         when 'completed' then
           array['looking_up_source', 'looking_up_target', 'deducting', 'adding']
         else
           array['looking_up_source', 'looking_up_target', 'deducting', 'adding', 'undoing_add',
             'undoing_deduct']
       end);
  if exists (
    select from clearing.saga
     where bucket = p_bucket and saga_id = any (p_saga_ids) and state <> p_state) then
    raise exception 'a saga that is to be % has gone another way', p_state using errcode = 'PN002';
  end if;
end
$$;
