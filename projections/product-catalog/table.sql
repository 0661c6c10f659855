-- Products and their manufacturers, as the catalogue lists them. Text is compared by code point everywhere, so that an order
-- (and a page's cursor) means the same on every server.
create table manufacturers (
  id text collate "C" primary key,
  name text not null,
  -- The EntityCode in force, and every one that it ever had, the newest last.
  code text collate "C",
  codes text[] not null,
  aliases text[] not null,
  merged_into text collate "C",
  -- Those that it says were merged into it.
  absorbed text[] not null,
  -- Who answers for it now: itself, or where its mergers lead.
  resolved_id text collate "C" not null,
  sort_name text collate "C" not null,
  search_text text collate "C" not null,
  -- What its names have in common with names that look like them to a person.
  look_alikes text[] not null,
  revision bigint not null,
  -- Of its last event, as HTTP shows it.
  position bigint not null
);
create index manufacturers_resolved on manufacturers (resolved_id);
create index manufacturers_look_alikes on manufacturers using gin (look_alikes);

create table products (
  id text collate "C" primary key,
  code text collate "C",
  product_type text collate "C" not null,
  -- As its own stream states it: `manufacturers.resolved_id` says who answers for that one.
  manufacturer_id text collate "C" not null,
  model text not null,
  sort_model text collate "C" not null,
  chemistry text collate "C",
  -- To filter and sort by; null where the unit is no multiple of the watt (hour). The document keeps what was written.
  capacity_kwh numeric,
  power_kw numeric,
  -- Whether any of its values is hard to believe, by the rules of this version.
  is_warned boolean not null,
  -- Elements, certifications, qualifications, former names and products that were merged into it.
  document jsonb not null,
  search_text text collate "C" not null,
  -- What its model has in common with models that look like it to a person.
  look_alike text collate "C" not null,
  merged_into text collate "C",
  -- A column of its own: before its first statistics PostgreSQL takes a null for rare, and reads every row for a page.
  is_listed boolean not null generated always as (merged_into is null) stored,
  -- The product that answers for it now: itself, or where its mergers lead.
  resolved_id text collate "C" not null,
  revision bigint not null,
  position bigint not null
) with (fillfactor = 80);
create index products_code on products (code, id);
create index products_capacity on products (capacity_kwh, id);
create index products_manufacturer on products (manufacturer_id);
create index products_look_alike on products (look_alike);
create index products_resolved on products (resolved_id);

-- Every code that a product ever had: an old one leads to it for good.
create table product_codes (
  code text collate "C" primary key,
  product_id text collate "C" not null
);

-- What rows were sorted by before each batch that changed them, numbered in the order of the batches: walks over
-- pages keep to the order of their start. The newest notes are kept; what never changes is not noted.
create table moved_products (
  move bigint primary key,
  id text collate "C" not null,
  code text collate "C",
  sort_model text collate "C" not null,
  chemistry text collate "C",
  capacity_kwh numeric,
  power_kw numeric,
  position bigint not null,
  -- The name of the manufacturer that answered for it.
  manufacturer text collate "C"
);
create index moved_products_by_id on moved_products (id, move);

create table moved_manufacturers (
  move bigint primary key,
  id text collate "C" not null,
  code text collate "C",
  position bigint not null
);
create index moved_manufacturers_by_id on moved_manufacturers (id, move);

-- A substring is found by its trigrams where the server has them, and by looking at each row where it has not.
do $$
declare
  extension_schema text;
begin
  select nspname into extension_schema
  from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
  where extname = 'pg_trgm';
  if found then
    execute format(
      'create index products_search on products using gin (search_text %I.gin_trgm_ops)',
      extension_schema
    );
  end if;
end $$;
