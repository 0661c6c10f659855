-- Of the resource that the tests of the kit declare.
create table things (
  id text collate "C" primary key,
  name text collate "C" not null,
  code text collate "C",
  amount numeric,
  revision bigint not null,
  position bigint not null
);
create table moved_things (
  move bigint primary key,
  id text collate "C" not null,
  code text collate "C",
  amount numeric,
  position bigint not null
);
create index moved_things_by_id on moved_things (id, move);
