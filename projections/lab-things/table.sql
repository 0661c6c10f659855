-- What a lab has, as it stands. In each table: the thing as the API shows it, its place in the log (the order of
-- lists, which no later event changes), and the revision of its stream.
create table batteries (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);
create index batteries_by_serial_number on batteries ((document ->> 'serialNumber'));
create index batteries_by_product on batteries ((document ->> 'productId'));

create table cycler_devices (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);
create index cycler_devices_by_serial_number on cycler_devices ((document ->> 'serialNumber'));

create table units (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);

create table stations (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);

-- What stations consisted of, and when.
create table station_configurations (
  -- The station and the number of the configuration: `<station>/<number>`.
  id text collate "C" primary key,
  station_id text collate "C" not null,
  number bigint not null,
  -- Location, unit, devices with their roles, measures.
  configuration jsonb not null,
  since timestamptz not null,
  -- Null: it is so still.
  until timestamptz
);
create index station_configurations_by_station on station_configurations (station_id, number);

-- Without the program, which may be long.
create table profiles (
  id text collate "C" primary key,
  document jsonb not null,
  registered_position bigint not null unique,
  revision bigint not null
);

-- The programs of profiles.
create table profile_versions (
  -- The profile and the version: `<profile>/<version>`.
  id text collate "C" primary key,
  profile_id text collate "C" not null,
  version bigint not null,
  program jsonb not null,
  hash text collate "C" not null,
  -- When, by whom and why.
  defined_at timestamptz not null,
  defined_by text not null,
  reason text
);
create index profile_versions_by_profile on profile_versions (profile_id, version);
