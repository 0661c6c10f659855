-- Imports and what became of each of their rows, as of the latest run that did the row.
create table imports (
  id text collate "C" primary key,
  kind text collate "C" not null,
  state text collate "C" not null,
  file text,
  -- The list's own date and kind of file, and where in the log its last run completed: what orders lists.
  as_of date,
  layout text collate "C",
  completed_position bigint,
  sha256 text not null,
  bytes bigint not null,
  -- Run that is under way or was the last one, and the newest that was requested.
  run integer not null,
  requested integer not null,
  times_received integer not null,
  total bigint,
  accepted bigint not null,
  -- Accepted rows by what they did; rows of runs before this was recorded are in neither.
  accepted_new bigint not null,
  accepted_changed bigint not null,
  unchanged bigint not null,
  rejected bigint not null,
  needs_review bigint not null,
  failure_code text,
  failure_reason text,
  -- Who cancelled the run that is under way or was the last one, or the one that was requested after it.
  cancelled_by text,
  cancelled_at timestamptz,
  cancel_reason text,
  received_at timestamptz not null,
  received_by text not null,
  -- Where it was received first.
  received_position bigint not null,
  last_received_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  revision bigint not null,
  position bigint not null
);
create index imports_by_position on imports (position, id);

-- Where imports were before each batch that changed them: walks over pages keep to the order of their start.
create table moved_imports (
  move bigint primary key,
  id text collate "C" not null,
  position bigint not null
);
create index moved_imports_by_id on moved_imports (id, move);

create table import_rows (
  import_id text collate "C" not null,
  row bigint not null,
  run integer not null,
  outcome text collate "C" not null,
  is_new boolean,
  product_id text,
  manufacturer_id text,
  problems jsonb not null,
  about jsonb,
  proposal jsonb,
  conflicts jsonb,
  -- What of the row waits for a person; null where nothing does, or somebody has decided since.
  review text collate "C",
  -- The form under which names of manufacturers are the same.
  manufacturer_key text collate "C",
  primary key (import_id, row)
);
create index import_rows_by_outcome on import_rows (import_id, outcome, row);
create index import_rows_to_review on import_rows (import_id, row) where review is not null;

-- Products that the list before it names and this one does not, as its newest comparison found them.
create table import_absences (
  import_id text collate "C" not null,
  product_id text collate "C" not null,
  run integer not null,
  kind text collate "C" not null,
  manufacturer text collate "C" not null,
  model text collate "C" not null,
  previous text not null,
  manufacturer_key text collate "C" not null,
  primary key (import_id, product_id)
);
create index import_absences_by_name on import_absences (import_id, manufacturer, model, product_id);

-- Products of which somebody has decided whether they are gone; a later run asks no more.
create table decided_absences (
  import_id text collate "C" not null,
  product_id text collate "C" not null,
  primary key (import_id, product_id)
);
