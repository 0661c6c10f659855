-- Sites as they stand.
create table sites (
  id text collate "C" primary key,
  name text not null,
  time_zone text not null,
  description text not null,
  registered_at timestamptz not null,
  -- Place in the log: the order of lists, which no later event changes.
  registered_position bigint not null unique,
  retired_at timestamptz,
  revision bigint not null
);

-- Devices as they stand.
create table devices (
  id text collate "C" primary key,
  type text not null,
  serial_number text,
  product_id text collate "C",
  -- Where it works now, and by which name; null: nowhere.
  site_id text collate "C",
  name text,
  attached_at timestamptz,
  -- How often it was attached; numbers its attachments.
  attachments bigint not null,
  registered_at timestamptz not null,
  registered_position bigint not null unique,
  retired_at timestamptz,
  revision bigint not null
);
create index devices_by_site on devices (site_id, name);

-- Where devices worked, and when.
create table attachments (
  -- The device and the number of the attachment: `<device>/<number>`.
  id text collate "C" primary key,
  device_id text collate "C" not null,
  site_id text collate "C" not null,
  -- The name that it had last there.
  name text not null,
  attached_at timestamptz not null,
  -- Null: it is there still.
  detached_at timestamptz
);
create index attachments_by_device on attachments (device_id, attached_at);
create index attachments_by_site on attachments (site_id, attached_at);

-- How devices may connect. The verifiers are for brokers, and for nobody else.
create table credentials (
  -- The credential.
  id text collate "C" primary key,
  device_id text collate "C" not null,
  verifier text not null,
  issued_at timestamptz not null,
  issued_by text not null,
  issued_position bigint not null unique,
  revoked_at timestamptz,
  revoked_by text
);
create index credentials_by_device on credentials (device_id);

-- What devices should run with, and what they do run with.
create table configurations (
  -- The device.
  id text collate "C" primary key,
  desired_version bigint,
  desired jsonb,
  desired_hash text,
  desired_at timestamptz,
  reported_version bigint,
  reported jsonb,
  reported_hash text,
  reported_at timestamptz,
  -- The version that the device refused last, and what it said.
  refused_version bigint,
  refused_reason text,
  refused_at timestamptz,
  first_position bigint not null unique,
  revision bigint not null
);

-- What is known of series, declared or learnt.
create table device_series (
  -- The device and the series: `<device>/<series>`.
  id text collate "C" primary key,
  device_id text collate "C" not null,
  series text collate "C" not null,
  value_type text not null,
  unit text,
  declared boolean not null,
  -- Null where it was not declared.
  kind text,
  interpolation text,
  interval_ms bigint,
  roll_over double precision,
  low double precision,
  high double precision,
  retention_days bigint,
  known_at timestamptz not null
);
create index device_series_by_device on device_series (device_id, series);
