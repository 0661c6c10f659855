-- The last event that the process that assigns codes took, by which it knows the log again; as `read_store.build` has it.
alter table assign_codes.checkpoint
  add column anchor_commit numeric(20),
  add column anchor_prepare numeric(20),
  add column anchor_id uuid;
