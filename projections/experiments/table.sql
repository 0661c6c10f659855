-- Experiments as the API shows them.
create table experiments (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);
create index experiments_by_station on experiments ((document ->> 'stationId'), registered_position);
create index experiments_by_battery on experiments ((document ->> 'batteryId'), registered_position);
-- Imports whose requests were lost are found by it.
create index experiments_importing on experiments (id) where document ->> 'status' = 'importing';

-- The steps that were executed.
create table steps (
  -- The experiment and the number of the step: `<experiment>/<step count>`.
  id text collate "C" primary key,
  experiment_id text collate "C" not null,
  step_count bigint not null,
  step_id bigint not null,
  cycle bigint not null,
  started_at timestamptz not null,
  start_test_time_s float8 not null,
  -- Null while it runs.
  ended_at timestamptz,
  end_test_time_s float8,
  cause text collate "C",
  charge_ah float8,
  discharge_ah float8
);
create index steps_by_experiment on steps (experiment_id, step_count);

-- Rows of imported files that gave no record.
create table rejected_rows (
  -- The experiment and the place of the row among those of its files: `<experiment>/<place>`.
  id text collate "C" primary key,
  experiment_id text collate "C" not null,
  place bigint not null,
  file text not null,
  line bigint not null,
  fault text collate "C" not null,
  reason text not null
);
create index rejected_rows_by_experiment on rejected_rows (experiment_id, place);

-- Alarms as the API shows them.
create table alarms (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);
create index alarms_by_experiment on alarms ((document ->> 'experimentId'), registered_position);

-- What experiments are found by of their batteries.
create table batteries (
  id text collate "C" primary key,
  technology text collate "C" not null,
  chemistry text collate "C" not null,
  product_id text collate "C"
);
create index batteries_by_chemistry on batteries (chemistry);
create index batteries_by_product on batteries (product_id);
