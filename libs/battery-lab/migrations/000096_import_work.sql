-- Imports of cycler files that are to be run, shared by the processes of the API.
create table lab.import_work (
  experiment_id uuid primary key,
  kind text,
  requested_at timestamptz not null default clock_timestamp(),
  not_before timestamptz not null default '-infinity',
  owner text,
  lease_until timestamptz
);
create unique index one_import_of_a_kind on lab.import_work (kind) where owner is not null;
