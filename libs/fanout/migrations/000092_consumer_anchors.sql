-- The last event that a consumer took of the log, and the last request that it carried out (or an event that was there when
-- nothing had been asked yet), by which it knows the log again. Apart from offset and revision, which processes from before this migration move alone.
alter table fanout.consumer_offset
  add column anchor_commit numeric(20),
  add column anchor_prepare numeric(20),
  add column anchor_id uuid;

alter table fanout.consumer
  add column control_anchor_commit numeric(20),
  add column control_anchor_prepare numeric(20),
  add column control_anchor_id uuid;
