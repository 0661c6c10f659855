-- What the projection runner knows of each read model. The read models themselves live in schemas of their own.
create table read_store.projection (
  name text primary key,
  -- The build whose schema bears the projection's name; null until the first one is built.
  active_build integer,
  last_build integer not null default 0,
  changed_at timestamptz not null default now()
);

create table read_store.build (
  projection text not null references read_store.projection,
  build integer not null,
  version integer not null,
  hash text not null,
  status text not null check (status in ('building', 'paused', 'live', 'stopped')),
  -- The checkpoint: position of the last event that was delivered. 64 bits unsigned; null at the beginning of the log.
  commit_position numeric(20),
  prepare_position numeric(20),
  -- When that event was written, and when the end of the log was last seen reached.
  event_created timestamptz,
  caught_up_at timestamptz,
  events bigint not null default 0,
  parked bigint not null default 0,
  -- Who applies events now. Still set at the next start: the last one was interrupted.
  holder uuid,
  error text,
  started_at timestamptz not null default now(),
  moved_at timestamptz,
  primary key (projection, build)
) with (fillfactor = 50);

-- An event that was tried and led to no progress. Written before the attempt.
create table read_store.attempt (
  projection text not null,
  build integer not null,
  event_id uuid not null,
  attempts integer not null,
  error text,
  primary key (projection, build, event_id),
  foreign key (projection, build) references read_store.build on delete cascade
);

create table read_store.parked (
  id bigint generated always as identity primary key,
  projection text not null,
  build integer not null,
  event_id uuid not null,
  stream text not null,
  revision numeric(20) not null,
  type text not null,
  commit_position numeric(20) not null,
  prepare_position numeric(20) not null,
  attempts integer not null,
  -- Null where an earlier event of the stream is what fails.
  error text,
  parked_at timestamptz not null default now(),
  unique (projection, build, event_id),
  foreign key (projection, build) references read_store.build on delete cascade
);
create index parked_by_stream on read_store.parked (projection, build, stream, revision);

-- Events that an operator gave up, in every build of the projection.
create table read_store.discarded (
  projection text not null,
  event_id uuid not null,
  reason text not null,
  discarded_by text not null,
  discarded_at timestamptz not null default now(),
  primary key (projection, event_id)
);

-- What operators ask of the runner.
create table read_store.request (
  id uuid primary key,
  projection text not null,
  kind text not null check (kind in ('build', 'rebuild', 'stop', 'retry', 'discard')),
  parked_id bigint,
  reason text,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  -- A retry can end the process: it is marked before it begins.
  started_at timestamptz,
  started_by uuid,
  handled_at timestamptz,
  outcome text
);
create index request_open on read_store.request (requested_at) where handled_at is null;
