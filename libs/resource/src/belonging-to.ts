import type { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { Resource } from './resource.js';

/** Whose rows they are. */
export interface Owner {
  /** With its schema. Its key is `id`. */
  readonly table: string;
  readonly id: string;
  /** The column of the rows that names the owner. */
  readonly column: string;
  readonly unknown: () => Refusal;
}

/** The rows that belong to one thing, such as the series of a device. Refused where there is no such thing. */
export const belongingTo = <Item>(resource: Resource<Item>, owner: Owner): Resource<Item> => ({
  ...resource,
  // Cursors of others fit nothing here.
  name: `${resource.name} of ${owner.id}`,
  where: [(sql) => `${owner.column} = ${sql.add(owner.id)}`],
  ready: async (store, after) => {
    await resource.ready(store, after);
    await requireOwner(store, owner);
  },
});

/** Throws what the owner says where there is no such thing. */
export const requireOwner = async (
  store: ReadStore,
  { table, id, unknown }: Omit<Owner, 'column'>,
): Promise<void> => {
  const known = `select from ${table} where id = $1`;
  if ((await store.pool.query(known, [id])).rowCount === 0) throw unknown();
};
