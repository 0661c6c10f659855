-- What the consumer `cycler-records` keeps: the records of experiments, and the statistics of their steps and cycles.
create schema lab_records;

create table lab_records.experiment (
  id text collate "C" primary key,
  -- Null until its experiment is known: records may come before it.
  nominal_capacity_ah float8,
  -- Seconds; a longer interval between two records is a hole. Null: holes are told by what is usual in the test.
  longest_interval_s float8,
  -- What begins a cycle. Null until it is known: nothing is computed before.
  cycle_definition text collate "C",
  has_ended boolean not null default false
);
create view lab_records.known_experiment as
  select id from lab_records.experiment where nominal_capacity_ah is not null;

-- Records as they came. What comes again in other chunks is left out where they are read.
create table lab_records.chunk (
  experiment_id text collate "C" not null,
  -- Of its columns.
  hash text collate "C" not null,
  -- In the log.
  position bigint not null,
  first_test_time_s float8 not null,
  last_test_time_s float8 not null,
  -- UTC of its first record.
  from_at timestamptz not null,
  records integer not null,
  first_step bigint not null,
  last_step bigint not null,
  -- Names of its channels.
  channels text[] not null,
  -- JSON: a column of values for each name; those of channels apart, since statistics need none of them.
  columns text not null,
  channel_columns text,
  primary key (experiment_id, hash)
);
create index chunk_in_order on lab_records.chunk (experiment_id, first_test_time_s, position);
create index chunk_reaching on lab_records.chunk (experiment_id, last_test_time_s)
  include (first_test_time_s);

-- What is known of a test after a record of it, of every few thousand records and of the last one: late records are added
-- from there on.
create table lab_records.statistics_state (
  experiment_id text collate "C" not null,
  part integer not null,
  test_time_s float8 not null,
  position bigint not null,
  document json not null,
  primary key (experiment_id, part)
);

create table lab_records.step (
  experiment_id text collate "C" not null,
  step_count bigint not null,
  document jsonb not null,
  primary key (experiment_id, step_count)
);

create table lab_records.cycle (
  experiment_id text collate "C" not null,
  cycle bigint not null,
  document jsonb not null,
  primary key (experiment_id, cycle)
);
