-- A cap that is lowered takes one operator: the request is approved by the one who made it, and says so.

alter table clearing.reserve_request
  add column narrows boolean not null default false,
  add constraint reserve_request_narrows_a_cap check (not narrows or kind = 'cap' and state in ('approved', 'withdrawn')),
  drop constraint reserve_request_decided_by_another,
  add constraint reserve_request_decided_by_another check (state not in ('approved', 'rejected') or decided_by <> made_by or narrows);
