-- The secret that a platform had before its last rotation, sealed like the one in force, and until when it is still good.

alter table identity.platform
  add column sealed_former_secret bytea,
  add column former_secret_until timestamptz,
  add constraint former_secret_has_an_end check ((sealed_former_secret is null) = (former_secret_until is null));
