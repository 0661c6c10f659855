-- breaking
-- Whatever follows the log stands in one set of tables: projections, consumers and processes. What the tables before this
-- migration held is taken over: checkpoints, attempts, parked and discarded events.

-- A process of the version before may still be in a batch: what it commits is taken over, and what it begins later fails.
lock table read_store.build, read_store.attempt, read_store.parked, read_store.discarded, read_store.request,
  fanout.consumer, fanout.consumer_offset, fanout.attempt, fanout.dead_letter, assign_codes.checkpoint;

create schema subscription;

create table subscription.subscription (
  name text not null,
  -- Of a projection, whose versions run side by side; 0 for consumers and processes.
  version integer not null default 0,
  kind text not null check (kind in ('projection', 'consumer', 'process')),
  -- Offsets of one source mean nothing to the other.
  source text not null check (source in ('log', 'kafka')),
  -- Revision of the last event of stream `subscription-<name>` that was carried out, and the outcome.
  control_revision numeric(20),
  control_outcome text,
  control_at timestamptz,
  -- That event, or one that was in the log before the first: by it the log is recognised. Null until one is known.
  control_anchor_commit numeric(20),
  control_anchor_prepare numeric(20),
  control_anchor_id uuid,
  -- Where the last reset went: a new partition begins behind it. Null: the start.
  floor_commit_position numeric(20),
  floor_prepare_position numeric(20),
  -- Of a consumer or process: also its partitions that come later are paused. Of a projection its builds are paused.
  paused boolean not null default false,
  -- As its process last recorded it, for people.
  state text not null default 'waiting' check (state in ('running', 'waiting', 'stopped')),
  reason text,
  noted_at timestamptz not null default clock_timestamp(),
  primary key (name, version)
) with (fillfactor = 50);

create table subscription.checkpoint (
  subscription text not null,
  -- A build of a projection (`build-7`), a topic, or `log`.
  scope text not null,
  -- Of the topic on Kafka; else 0.
  partition integer not null default 0,
  source text not null check (source in ('log', 'kafka')),
  -- building, running: events are applied. paused: an operator asked for it. stopped: by an event, where order is global.
  state text not null default 'running' check (state in ('building', 'running', 'paused', 'stopped')),
  -- Kafka: the offset to read next. Log: the commit position through which it was read.
  next_offset numeric(20) not null default 0,
  -- Nothing at or before it is handled again. 64 bits unsigned; null at the beginning.
  commit_position numeric(20),
  prepare_position numeric(20),
  -- Kafka: the offset of the record at that position, by which a topic that was made anew is recognised.
  record_offset numeric(20),
  -- When the log recorded the last event, and when the end was last seen reached.
  recorded_at timestamptz,
  caught_up_at timestamptz,
  -- The end as it was last seen, in the unit of next_offset.
  end_offset numeric(20),
  -- The last event of the log that was passed, by which the log is recognised.
  anchor_commit numeric(20),
  anchor_prepare numeric(20),
  anchor_id uuid,
  -- Who applies events. Still set at the next start: the last one was interrupted.
  holder uuid,
  -- What it waits for, or is stopped by.
  error text,
  log_replaced boolean not null default false,
  events bigint not null default 0,
  done bigint not null default 0,
  skipped bigint not null default 0,
  moved_at timestamptz,
  primary key (subscription, scope, partition)
) with (fillfactor = 50);

-- An event that was tried and led to no progress. Written before the attempt.
create table subscription.attempt (
  subscription text not null,
  scope text not null,
  event_id uuid not null,
  attempts integer not null,
  error text,
  primary key (subscription, scope, event_id)
);

create table subscription.parked (
  id bigint generated always as identity primary key,
  subscription text not null,
  scope text not null,
  partition integer not null default 0,
  -- Derived from scope, partition, offset and content where the record cannot be decoded.
  event_id uuid not null,
  -- The stream, as far as the record names one: later events of it wait.
  key text not null,
  -- Null where the record cannot be decoded, as are the next three: nothing waits behind it.
  type text,
  revision numeric(20),
  commit_position numeric(20),
  prepare_position numeric(20),
  record_offset numeric(20) not null,
  -- The record as it came from Kafka. Null: it is read from the log again.
  headers jsonb,
  value bytea,
  attempts integer not null,
  -- Null where an earlier event of the key is what fails.
  error text,
  parked_at timestamptz not null default clock_timestamp(),
  unique (subscription, scope, event_id)
);
-- A hash: the key of a foreign record may be longer than a b-tree takes.
create index parked_by_key on subscription.parked using hash (key);

-- Events that an operator gave up: no build and no reset handles them again.
create table subscription.discarded (
  subscription text not null,
  event_id uuid not null,
  reason text not null,
  discarded_by text not null,
  discarded_at timestamptz not null default clock_timestamp(),
  primary key (subscription, event_id)
);

-- Projections.
insert into subscription.subscription (name, version, kind, source)
select distinct projection, version, 'projection', 'log' from read_store.build;

insert into subscription.checkpoint
  (subscription, scope, source, state, next_offset, commit_position, prepare_position, recorded_at, caught_up_at,
   anchor_commit, anchor_prepare, anchor_id, holder, error, log_replaced, events, done, moved_at)
select projection, 'build-' || build, 'log', case status when 'live' then 'running' else status end,
       coalesce(commit_position, 0), commit_position, prepare_position, event_created, caught_up_at,
       anchor_commit, anchor_prepare, anchor_id, holder, error, log_replaced, events, events, moved_at
  from read_store.build;

insert into subscription.attempt select projection, 'build-' || build, event_id, attempts, error from read_store.attempt;

insert into subscription.parked
  (subscription, scope, event_id, key, type, revision, commit_position, prepare_position, record_offset, attempts, error, parked_at)
select projection, 'build-' || build, event_id, stream, type, revision, commit_position, prepare_position, commit_position,
       attempts, error, parked_at
  from read_store.parked order by id;

insert into subscription.discarded select projection, event_id, reason, discarded_by, discarded_at from read_store.discarded;

drop table read_store.request, read_store.discarded, read_store.parked, read_store.attempt;
alter table read_store.build
  drop column status, drop column commit_position, drop column prepare_position, drop column event_created,
  drop column caught_up_at, drop column events, drop column parked, drop column holder, drop column error,
  drop column moved_at, drop column anchor_commit, drop column anchor_prepare, drop column anchor_id,
  drop column log_replaced;

-- Consumers.
insert into subscription.subscription
  (name, kind, source, floor_commit_position, floor_prepare_position, state, reason, noted_at)
select name, 'consumer', transport, floor_commit_position, floor_prepare_position, state, reason, noted_at from fanout.consumer;

insert into subscription.checkpoint
  (subscription, scope, partition, source, next_offset, commit_position, prepare_position, record_offset, recorded_at,
   caught_up_at, end_offset, anchor_commit, anchor_prepare, anchor_id, holder, events, done, skipped, moved_at)
select consumer, topic, partition, transport, next_offset, commit_position, prepare_position, fact_offset, fact_recorded_at,
       caught_up_at, end_offset, anchor_commit, anchor_prepare, anchor_id, holder, done + skipped + dead, done, skipped, moved_at
  from fanout.consumer_offset;

-- Attempts are kept by topic now. Where a consumer has several the attempt counts for each.
insert into subscription.attempt
select a.consumer, o.topic, a.fact_id, a.attempts, a.error
  from fanout.attempt a
  join (select distinct consumer, topic from fanout.consumer_offset) o using (consumer);

insert into subscription.parked
  (subscription, scope, partition, event_id, key, type, revision, commit_position, prepare_position, record_offset,
   headers, value, attempts, error, parked_at)
select consumer, topic, partition, fact_id, key, type, revision, commit_position, prepare_position, record_offset,
       headers, value, attempts, error, dead_at
  from fanout.dead_letter order by id;

drop table fanout.dead_letter, fanout.attempt, fanout.consumer_offset, fanout.consumer;

-- The process that assigns codes.
insert into subscription.subscription (name, kind, source)
select 'assign-codes', 'process', 'log' from assign_codes.checkpoint where commit_position is not null;
insert into subscription.checkpoint
  (subscription, scope, source, next_offset, commit_position, prepare_position, anchor_commit, anchor_prepare, anchor_id)
select 'assign-codes', 'log', 'log', coalesce(commit_position, 0), commit_position, prepare_position,
       anchor_commit, anchor_prepare, anchor_id
  from assign_codes.checkpoint where commit_position is not null;
drop table assign_codes.checkpoint;
