-- What the supervision of experiments keeps beside the log.
create schema lab;

-- Experiments that have not ended.
create table lab.attended_experiments (
  experiment_id uuid primary key,
  unit_id text not null,
  -- Its program was started: the unit needs a lease, and its records are waited for.
  is_running boolean not null,
  -- When its newest records came.
  heard_at timestamptz not null default clock_timestamp(),
  calibrated_until date,
  -- Though nothing happens; null: only when something does.
  due_at timestamptz
);
create index on lab.attended_experiments (due_at);

-- Until when each unit may go on by itself.
create table lab.unit_leases (
  unit_id text primary key,
  valid_until timestamptz not null
);
