-- What devices measured. Times of samples are the devices'; positions are places in the log.

-- What each series stands for: as declared, else by what its first value showed.
create table series (
  -- Counts in the order of the log.
  id integer primary key,
  device_id text collate "C" not null,
  name text collate "C" not null,
  value_type text not null,
  unit text,
  kind text not null,
  interpolation text not null,
  interval_ms bigint,
  roll_over float8,
  low float8,
  high float8,
  declared boolean not null,
  -- How long single samples are kept; null: for ever.
  retention_days integer,
  -- Single samples before this time were dropped.
  expired_before timestamptz,
  -- Earliest and newest sample that came and counts, of whatever quality.
  first_at timestamptz,
  latest_at timestamptz,
  latest_value float8,
  latest_text text,
  latest_quality smallint,
  -- When the newest sample came.
  latest_recorded_at timestamptz,
  unique (device_id, name)
);

-- Samples that count: the first of its time, until it is corrected. A partition for each month (UTC) that has any.
create table samples (
  series_id integer not null,
  -- 0 good, 1 uncertain, 2 bad.
  quality smallint not null default 0,
  at timestamptz not null,
  -- A boolean is 1 or 0; null where the sample is a text.
  value float8,
  -- Of the event that it came by, which says who sent it, when and by what way.
  position bigint not null,
  text text,
  primary key (series_id, at)
) partition by range (at);

-- Another value for a time that had one: it does not count. Each value once, with the first event that brought it.
create table sample_conflicts (
  series_id integer not null,
  at timestamptz not null,
  value float8,
  text text,
  quality smallint not null,
  position bigint not null,
  unique nulls not distinct (series_id, at, value, text, quality)
);

-- What a person put in the place of a sample. Before `position` the old one counted: none where `old_position` is null.
create table sample_corrections (
  series_id integer not null,
  at timestamptz not null,
  position bigint not null,
  old_value float8,
  old_text text,
  old_quality smallint,
  old_position bigint,
  -- Both null: there is no such sample.
  new_value float8,
  new_text text,
  new_quality smallint not null,
  primary key (series_id, at, position)
);

-- Roll-ups of numbers and booleans by UTC minute and hour, and by day and month of the site. Bad samples are left out.
create table rollup_minute (
  series_id integer not null,
  count integer not null,
  start timestamptz not null,
  -- Sums are doubles with what they are short of: `sum + sum_low` is the sum of the samples.
  sum float8 not null,
  sum_low float8 not null,
  min float8 not null,
  max float8 not null,
  first_at timestamptz not null,
  first_value float8 not null,
  last_at timestamptz not null,
  last_value float8 not null,
  -- Value times seconds from the first to the last sample, where a value holds until the next one or runs straight to it.
  hold_area float8 not null,
  hold_low float8 not null,
  linear_area float8 not null,
  linear_low float8 not null,
  -- Longest time between two neighbours.
  max_gap_ms bigint not null,
  -- How often a value is lower than the one before.
  falls integer not null,
  primary key (series_id, start)
);
create table rollup_hour (like rollup_minute including all);
create table rollup_day (like rollup_minute including all, zone text not null);
create table rollup_month (like rollup_minute including all, zone text not null);

-- Samples that came, by the minute (of our clock) in which they were recorded.
create table intake (
  device_id text collate "C" not null,
  -- How they came: mqtt, http, import, process, cli.
  way text not null,
  minute timestamptz not null,
  -- New ones that count.
  accepted integer not null,
  -- Those that were there already, with the same value.
  duplicates integer not null,
  -- Those of a time that has another value.
  conflicts integer not null,
  -- Those of a time whose single samples were dropped.
  expired integer not null,
  primary key (device_id, way, minute)
);

-- By which zone the days and months of a device are: that of the site that it was attached to last.
create table sites (
  id text collate "C" primary key,
  zone text not null
);
create table devices (
  id text collate "C" primary key,
  site_id text collate "C" not null
);
create index devices_by_site on devices (site_id);
