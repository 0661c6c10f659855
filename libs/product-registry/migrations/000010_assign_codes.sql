-- What the process that assigns product codes remembers between its runs: how far it has read the log, and which
-- products were registered under each manufacturer up to there.
create schema if not exists assign_codes;

create table assign_codes.checkpoint (
  single_row boolean primary key default true check (single_row),
  -- Of the last event that was handled. 64 bits unsigned; null at the beginning of the log.
  commit_position numeric(20),
  prepare_position numeric(20)
);
insert into assign_codes.checkpoint default values;

create table assign_codes.manufacturer (
  id uuid primary key,
  code text collate "C",
  merged_into uuid
);

create table assign_codes.product (
  manufacturer_id uuid not null,
  id uuid not null,
  primary key (manufacturer_id, id)
);
