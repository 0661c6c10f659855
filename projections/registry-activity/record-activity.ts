import type { ConsumerClient } from '#fanout/consumer.js';
import type { Fact } from '#fanout/fact.js';

import {
  type Activity,
  activityIn,
  manufacturersIn,
  manufacturersOfProductsIn,
  productsIn,
  type StatedManufacturer,
} from './activity.js';

/** Counts the facts in the client's transaction: five statements, however many there are. */
export const recordActivity = async (
  facts: readonly Fact[],
  client: ConsumerClient,
): Promise<void> => {
  const manufacturers = await manufacturersOf(client, productsIn(facts));
  await keepManufacturersOfProducts(client, manufacturersOfProductsIn(facts));
  await keepManufacturers(client, manufacturersIn(facts));
  await addUp(client, activityIn(facts, manufacturers));
};

/**
 * Forgets all that was ever counted. Readers see the old counts until the transaction ends. The lock of
 * `keepManufacturers` comes before those of counts, as there.
 */
export const forgetActivity = async (client: ConsumerClient): Promise<void> => {
  await client.query('delete from analytics.manufacturer');
  await client.query('delete from analytics.product_maker');
  await client.query('delete from analytics.registry_activity');
};

const keepManufacturersOfProducts = async (
  client: ConsumerClient,
  manufacturers: ReadonlyMap<string, string>,
): Promise<void> => {
  if (manufacturers.size === 0) return;
  await client.query(
    `insert into analytics.product_maker (product_id, manufacturer_id)
     select * from unnest($1::text[], $2::text[])
     on conflict (product_id) do update set manufacturer_id = excluded.manufacturer_id`,
    [[...manufacturers.keys()], [...manufacturers.values()]],
  );
};

/** One transaction at a time, so that the numbers under which names become known grow in the order of the commits. */
const keepManufacturers = async (
  client: ConsumerClient,
  manufacturers: ReadonlyMap<string, StatedManufacturer>,
): Promise<void> => {
  if (manufacturers.size === 0) return;
  const stated = [...manufacturers.values()];
  await client.query('lock table analytics.manufacturer in share row exclusive mode');
  await client.query(
    `insert into analytics.manufacturer as known (id, name, merged_into, named_in)
     select id, name, merged_into,
            case when name is null then 0
                 else (select coalesce(max(named_in), 0) + 1 from analytics.manufacturer) end
       from unnest($1::text[], $2::text[], $3::text[]) as stated (id, name, merged_into)
     on conflict (id) do update
        set name = coalesce(excluded.name, known.name),
            named_in = case when known.name is null then excluded.named_in else known.named_in end,
            merged_into = coalesce(excluded.merged_into, known.merged_into)`,
    [
      [...manufacturers.keys()],
      stated.map(({ name }) => name),
      stated.map(({ mergedInto }) => mergedInto),
    ],
  );
};

const manufacturersOf = async (
  client: ConsumerClient,
  products: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  if (products.length === 0) return new Map();
  const { rows } = await client.query<{ product_id: string; manufacturer_id: string }>(
    'select product_id, manufacturer_id from analytics.product_maker where product_id = any($1)',
    [products],
  );
  return new Map(rows.map((row) => [row.product_id, row.manufacturer_id]));
};

/** In the order of the key: batches of several partitions count into the same rows, and must not wait in a ring. */
const addUp = async (client: ConsumerClient, activity: readonly Activity[]): Promise<void> => {
  await client.query(
    `insert into analytics.registry_activity as counted
       (day, manufacturer_id, kind, changes, first_at, last_at)
     select day, manufacturer_id, kind, changes, first_at, last_at
       from unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
         as stated (day, manufacturer_id, kind, changes, first_at, last_at)
      order by day, manufacturer_id collate "C", kind collate "C"
     on conflict (day, manufacturer_id, kind) do update
        set changes = counted.changes + excluded.changes,
            first_at = least(counted.first_at, excluded.first_at),
            last_at = greatest(counted.last_at, excluded.last_at)`,
    [
      activity.map(({ day }) => day),
      activity.map(({ manufacturerId }) => manufacturerId),
      activity.map(({ kind }) => kind),
      activity.map(({ changes }) => changes),
      activity.map(({ firstAt }) => firstAt),
      activity.map(({ lastAt }) => lastAt),
    ],
  );
};
