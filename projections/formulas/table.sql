-- Formulas of sites as they are computed now.
create table formulas (
  id text collate "C" primary key,
  site_id text collate "C" not null,
  name text collate "C" not null,
  -- inUse, withdrawn.
  status text collate "C" not null,
  version bigint not null,
  expression text not null,
  unit text,
  description text not null,
  -- When, by whom and why the version was defined.
  defined_at timestamptz not null,
  defined_by text not null,
  reason text,
  first_position bigint not null unique,
  revision bigint not null
);
create index formulas_by_site on formulas (site_id, first_position);
