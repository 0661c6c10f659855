import type { Pool } from 'pg';

import type { SubscriptionClient } from '#subscription/follower.js';

import { type KnownManufacturer, manufacturerAfter } from './assign-codes.manufacturers.js';
import type { ManufacturerEvent } from './manufacturer/events.js';

// What the process that assigns codes remembers; tables of the migration `000010_assign_codes`.

/** Products of one answer. */
const pageSize = 500;

type ManufacturerRow = { readonly id: string } & KnownManufacturer;

const columns = 'id, code, merged_into as "mergedInto"';

export const loadManufacturers = async (pool: Pool): Promise<Map<string, KnownManufacturer>> => {
  const { rows } = await pool.query<ManufacturerRow>(
    `select ${columns} from assign_codes.manufacturer`,
  );
  return new Map(rows.map(({ id, ...manufacturer }) => [id, manufacturer]));
};

export interface RegisteredProduct {
  readonly id: string;
  readonly manufacturerId: string;
}

/** A product that another manufacturer has now. */
export interface MovedProduct extends RegisteredProduct {
  readonly previous: string;
}

/** Products as they were registered and moved, in the order of the log. */
export const saveProducts = async (
  client: SubscriptionClient,
  changes: readonly (RegisteredProduct | MovedProduct)[],
): Promise<void> => {
  if (changes.length === 0) return;
  const moved = changes.filter((one) => 'previous' in one);
  if (moved.length > 0) {
    await client.query(
      `delete from assign_codes.product where (manufacturer_id, id) in
         (select * from unnest($1::uuid[], $2::uuid[]))`,
      [moved.map(({ previous }) => previous), moved.map(({ id }) => id)],
    );
  }
  const products = [...new Map(changes.map((one) => [one.id, one])).values()];
  await client.query(
    `insert into assign_codes.product (manufacturer_id, id)
     select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing`,
    [products.map(({ manufacturerId }) => manufacturerId), products.map(({ id }) => id)],
  );
};

/** Folds the events into the rows, in the order of the log. */
export const saveManufacturers = async (
  client: SubscriptionClient,
  events: readonly { readonly id: string; readonly event: ManufacturerEvent }[],
): Promise<void> => {
  if (events.length === 0) return;
  const { rows } = await client.query<ManufacturerRow>(
    `select ${columns} from assign_codes.manufacturer where id = any($1::uuid[])`,
    [events.map(({ id }) => id)],
  );
  const known = new Map<string, KnownManufacturer>(rows.map(({ id, ...row }) => [id, row]));
  for (const { id, event } of events) known.set(id, manufacturerAfter(known.get(id), event));
  await client.query(
    `insert into assign_codes.manufacturer (id, code, merged_into)
     select * from unnest($1::uuid[], $2::text[], $3::uuid[])
     on conflict (id) do update set code = excluded.code, merged_into = excluded.merged_into`,
    [
      [...known.keys()],
      [...known.values()].map(({ code }) => code),
      [...known.values()].map(({ mergedInto }) => mergedInto),
    ],
  );
};

export const forgetAll = async (client: SubscriptionClient): Promise<void> => {
  await client.query('delete from assign_codes.product');
  await client.query('delete from assign_codes.manufacturer');
};

/** The products of the manufacturer, up to the checkpoint. */
export async function* productsOf(pool: Pool, manufacturerId: string): AsyncGenerator<string> {
  let after: string | null = null;
  for (;;) {
    const { rows }: { rows: { id: string }[] } = await pool.query(
      `select id from assign_codes.product
       where manufacturer_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [manufacturerId, after, pageSize],
    );
    for (const { id } of rows) yield id;
    after = rows.at(-1)?.id ?? null;
    if (rows.length < pageSize) return;
  }
}
