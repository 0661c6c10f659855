-- What the live board of stations is made of. Each row names the position of the last event that changed it.
create table stations (
  id text collate "C" primary key,
  -- As the station is configured now.
  document jsonb not null,
  position bigint not null
);

create table units (
  id text collate "C" primary key,
  name text not null,
  position bigint not null
);

-- Devices of the link, units among them.
create table links (
  id text collate "C" primary key,
  is_online boolean not null,
  position bigint not null
);

create table queues (
  -- The station.
  id text collate "C" primary key,
  -- Ids of experiments, in the order in which they run.
  waiting jsonb not null,
  -- The experiment that has the station.
  running text collate "C",
  position bigint not null
);

create table experiments (
  id text collate "C" primary key,
  document jsonb not null,
  -- The steps of the program in the order of their ids.
  steps jsonb not null,
  -- When the newest step began, in seconds of the test.
  step_from_s float8,
  position bigint not null
);

-- The newest record of each experiment, by the test time.
create table latest (
  -- The experiment.
  id text collate "C" primary key,
  record jsonb not null,
  position bigint not null
);

create table alarms (
  id text collate "C" primary key,
  station_id text collate "C" not null,
  document jsonb not null,
  is_open boolean not null,
  position bigint not null
);
create index alarms_of_station on alarms (station_id, position);
create index open_alarms on alarms (station_id) where is_open;
