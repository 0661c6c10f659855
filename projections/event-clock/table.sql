-- One row for each new maximum of `created`, with the last event up to which it held.
create table tick (
  running_max timestamptz primary key,
  commit_position numeric(20) not null,
  prepare_position numeric(20) not null
);
