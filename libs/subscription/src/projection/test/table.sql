-- Of the projection that the tests run: what was applied, and a sum that shows what was applied twice.
create table entry (
  event_id uuid primary key,
  stream text not null,
  revision numeric(20) not null,
  value integer not null
);
create table total (
  stream text primary key,
  sum bigint not null
);
