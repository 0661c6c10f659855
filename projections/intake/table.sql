-- Messages, and samples of them, that could not be taken.
create table quarantined (
  id text collate "C" primary key,
  device_id text collate "C" not null,
  -- How it came: mqtt, http.
  way text not null,
  topic text,
  -- waiting, replayed, discarded.
  state text not null,
  -- What is wrong: a list of {pointer, reason}, as the newest try found it.
  problems jsonb not null,
  -- The bytes in base64; the beginning of them where there were more than are kept.
  content text not null,
  bytes bigint not null,
  sha256 text not null,
  -- Samples in it, as far as it could be read.
  samples bigint not null,
  quarantined_at timestamptz not null,
  -- Replays that found it wrong still.
  failed_replays bigint not null,
  -- When, by whom and why it was replayed or discarded.
  settled_at timestamptz,
  settled_by text,
  settled_reason text,
  position bigint not null unique,
  revision bigint not null
);
create index quarantined_by_device on quarantined (device_id, position);
create index quarantined_by_state on quarantined (state, position);

-- What happened at devices.
create table occurrences (
  -- Of the event.
  position bigint primary key,
  device_id text collate "C" not null,
  kind text not null,
  at timestamptz not null,
  details jsonb not null,
  recorded_at timestamptz not null
);
create index occurrences_by_device
  on occurrences (device_id, (extract(epoch from at at time zone 'UTC')) desc, position desc);

-- How devices are connected and what is missed of what they sent.
create table links (
  -- The device.
  id text collate "C" primary key,
  -- Its newest session, and what it said of itself when it began it; null: it said nothing.
  session text,
  born_at timestamptz,
  properties jsonb,
  -- online, offline, as it or its last will said; null: nothing did.
  state text,
  state_at timestamptz,
  -- The newest message with samples that has a number.
  last_session text,
  last_seq bigint,
  last_at timestamptz,
  -- Numbers that were left out, over all time, and those of them that came after all.
  missed bigint not null,
  recovered bigint not null,
  -- The newest runs of them: a list of {session, from, to, notedAt, askedAt, recovered, recoveredAt}.
  gaps jsonb not null,
  first_position bigint not null unique
);

-- What became of what came, by device, way and minute (of our clock) in which it came. It counts messages, or the
-- pieces of a body, and what of them is about one day; `samples` counts the samples in them one by one, whether each
-- is new, known or contradicts another one. Neither counts what the other does.
create table outcomes (
  -- `<device>/<way>/<minute>`.
  id text collate "C" primary key,
  device_id text collate "C" not null,
  -- mqtt, http, import, process, cli.
  way text not null,
  minute timestamptz not null,
  -- Blocks of samples, occurrences, births, states and acknowledgements that are in the log.
  accepted bigint not null,
  -- Messages that said what was known already. Over HTTP the caller is told so, and nobody counts.
  duplicates bigint not null,
  -- What went to the quarantine. The rest of such a message may be accepted.
  quarantined bigint not null,
  -- Messages that were refused and not kept; `reasons` says why, with how often, by code.
  rejected bigint not null,
  reasons jsonb not null
);
create index outcomes_by_minute on outcomes ((extract(epoch from minute at time zone 'UTC')) desc, id desc);
create index outcomes_by_device on outcomes (device_id, (extract(epoch from minute at time zone 'UTC')) desc, id desc);
