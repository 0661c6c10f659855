-- The last event that a build took of the log, by which its runner knows the log again. Apart from the checkpoint, which
-- runners from before this migration move alone. Null until the first event is taken.
alter table read_store.build
  add column anchor_commit numeric(20),
  add column anchor_prepare numeric(20),
  add column anchor_id uuid,
  -- The log that answers does not hold that event: nothing is applied.
  add column log_replaced boolean not null default false;
