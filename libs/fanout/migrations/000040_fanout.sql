-- What the fan-out keeps beside the log and Kafka. The facts themselves are never here.
create schema fanout;

-- What each relay says of itself. For people: nothing is decided by it.
create table fanout.relay (
  name text primary key,
  holder uuid not null,
  state text not null check (state in ('starting', 'working', 'standby', 'paused', 'waiting', 'stopped')),
  state_since timestamptz not null,
  -- Why it waits or is stopped.
  reason text,
  -- Through which event of the log everything is on Kafka.
  commit_position numeric(20),
  prepare_position numeric(20),
  event_recorded_at timestamptz,
  -- Since the process began to work.
  published bigint not null default 0,
  transactions bigint not null default 0,
  caught_up_at timestamptz,
  published_at timestamptz,
  noted_at timestamptz not null
) with (fillfactor = 50);

create table fanout.consumer (
  name text primary key,
  -- Offsets of one transport mean nothing to the other.
  transport text not null check (transport in ('kafka', 'log')),
  -- Revision of the last event of stream `consumer-<name>` that was carried out, and what came of it.
  control_revision numeric(20),
  control_outcome text,
  control_at timestamptz,
  -- Where the last reset went: in no partition is a fact at or before it taken. Null: the start.
  floor_commit_position numeric(20),
  floor_prepare_position numeric(20),
  state text not null check (state in ('running', 'waiting', 'stopped')),
  reason text,
  noted_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

create table fanout.consumer_offset (
  consumer text not null references fanout.consumer,
  topic text not null,
  partition integer not null,
  -- As the consumer's when the row was made: a process of the other transport does not move it.
  transport text not null,
  -- Kafka: the offset to read next. Log: the commit position through which facts were taken.
  next_offset numeric(20) not null,
  -- No fact at or before it is taken again. Kafka: of the last fact that was taken. Log: of the last event.
  commit_position numeric(20),
  prepare_position numeric(20),
  -- Kafka: the offset of that fact's record, by which a topic that was made anew is told.
  fact_offset numeric(20),
  fact_recorded_at timestamptz,
  -- The end of the partition as it was last seen, in the unit of next_offset.
  end_offset numeric(20),
  -- Who takes facts, until it puts the partition down in order: the next one then has nothing to suspect.
  holder uuid,
  done bigint not null default 0,
  skipped bigint not null default 0,
  dead bigint not null default 0,
  moved_at timestamptz,
  caught_up_at timestamptz,
  primary key (consumer, topic, partition)
) with (fillfactor = 50);

-- A fact that was tried and led to no progress. Written before the attempt.
create table fanout.attempt (
  consumer text not null references fanout.consumer on delete cascade,
  fact_id uuid not null,
  attempts integer not null,
  error text,
  primary key (consumer, fact_id)
);

create table fanout.dead_letter (
  id bigint generated always as identity primary key,
  consumer text not null references fanout.consumer on delete cascade,
  topic text not null,
  partition integer not null,
  record_offset numeric(20) not null,
  -- Derived from topic, partition and offset where the record is no fact.
  fact_id uuid not null,
  -- The stream, as far as the record says one.
  key text not null,
  -- Null where the record is no fact, as are the next three: nothing waits behind it.
  type text,
  revision numeric(20),
  commit_position numeric(20),
  prepare_position numeric(20),
  -- The record as it came, so that it can be handled again without the transport.
  headers jsonb not null,
  value bytea not null,
  attempts integer not null,
  -- Null where an earlier fact of the key is what fails.
  error text,
  dead_at timestamptz not null default clock_timestamp(),
  -- When it was written to the dead topic; never on the log transport.
  published_at timestamptz,
  unique (consumer, fact_id)
);
-- A hash: the key of a foreign record may be longer than a b-tree takes.
create index dead_letter_by_key on fanout.dead_letter using hash (key);
create index dead_letter_unpublished on fanout.dead_letter (consumer, id) where published_at is null;
