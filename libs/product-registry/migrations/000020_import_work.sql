-- Imports that somebody asked for and that have not ended, with the lease of the process that runs each.
-- A lease only saves work: what a process may append is decided by the import's own stream.
create schema if not exists product_imports;

create table product_imports.work (
  import_id uuid primary key,
  -- Moves with each request, so that a request during a run is not lost when the run ends.
  requested_at timestamptz not null default clock_timestamp(),
  not_before timestamptz not null default '-infinity',
  owner text,
  lease_until timestamptz
);
