-- The event node's own database. Applied at every start, under the writer's lock.

-- One row: who may write. Each start takes the next number, each group of appends checks it.
create table if not exists epoch (
  singleton boolean primary key default true check (singleton),
  epoch bigint not null,
  groups bigint not null default 0
);

insert into epoch (epoch) values (0) on conflict do nothing;

create table if not exists events (
  position bigint primary key,
  stream text collate "C" not null,
  revision bigint not null,
  id uuid not null,
  type text not null,
  is_json boolean not null,
  data bytea not null,
  metadata bytea not null,
  -- ticks of 100 ns since the Unix epoch
  created bigint not null,
  unique (stream, revision)
);

-- Links of `$ce-<category>` and `$et-<type>`, which grow only when somebody reads such a stream.
-- `position` is that of the event that the link leads to.
create table if not exists derived_links (
  stream text collate "C" not null,
  revision bigint not null,
  position bigint not null,
  primary key (stream, revision)
);

-- One row: every event up to this position has its links.
create table if not exists derived_checkpoint (
  singleton boolean primary key default true check (singleton),
  position bigint not null
);

insert into derived_checkpoint (position) values (0) on conflict do nothing;
