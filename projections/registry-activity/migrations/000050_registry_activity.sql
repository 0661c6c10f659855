-- What the consumer `registry-activity` counts: how often the registry was changed, by day, manufacturer and kind of change.
create schema analytics;

create table analytics.registry_activity (
  -- In UTC, of the time at which the change was recorded.
  day date not null,
  -- As the facts name it: where it was merged into another, `manufacturer` says so.
  manufacturer_id text collate "C" not null,
  -- The name of the published fact in kebab case, without its version: `product-registered`.
  kind text collate "C" not null,
  changes bigint not null check (changes > 0),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (day, manufacturer_id, kind)
) with (fillfactor = 50);
create index registry_activity_of_manufacturer on analytics.registry_activity (manufacturer_id, day);

-- Whose product it is: only the first fact of a product says so.
create table analytics.product_maker (
  product_id text collate "C" primary key,
  manufacturer_id text collate "C" not null
);

create table analytics.manufacturer (
  id text collate "C" primary key,
  -- Null until its registration has arrived, which on Kafka may be after that of its products.
  name text,
  merged_into text collate "C"
);
