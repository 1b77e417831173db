-- An appeal is a dispute of its own that names the one it appeals against; of each there is one at most.

alter table clearing.dispute add column appeal_of uuid;
create unique index dispute_appealed_once on clearing.dispute (bucket, appeal_of) where appeal_of is not null;

-- A freeze ends with the due date of a decision: those that are overdue are looked at once more, and told of once more.
update clearing.dispute set overdue_at = null, next_at = due_at
 where state = 'under_review' and overdue_at is not null and next_at is null;
