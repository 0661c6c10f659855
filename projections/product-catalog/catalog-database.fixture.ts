import type { StoredEvent } from '#event-log/event-log.js';
import { applyEvents } from '#read-store/apply-batch.js';
import { ReadStore } from '#read-store/read-store.js';
import { migratedDatabase } from '#read-store/test/fixture.js';

import { catalog, productCatalog } from './product-catalog.projection.js';

/** A real database with the catalogue's tables in the schema that queries read. */
export class CatalogDatabase {
  private constructor(
    readonly store: ReadStore,
    private readonly drop: () => Promise<void>,
  ) {}

  static async create(): Promise<CatalogDatabase> {
    const database = await migratedDatabase();
    const store = new ReadStore(database.url);
    await inSchema(store, async (client) => client.query(productCatalog.tables), 'create');
    return new CatalogDatabase(store, () => database.drop());
  }

  get pool(): ReadStore['pool'] {
    return this.store.pool;
  }

  /** Applies the events in batches of `size`, each in its transaction, as the runner does. */
  async apply(events: readonly StoredEvent[], size = events.length): Promise<void> {
    for (let start = 0; start < events.length; start += size) {
      await inSchema(this.store, (client) =>
        applyEvents(client, productCatalog, events.slice(start, start + size)),
      );
    }
  }

  /** Empties every table. */
  async clear(): Promise<void> {
    await inSchema(this.store, (client) =>
      client.query(
        'truncate manufacturers, products, product_codes, moved_products, moved_manufacturers',
      ),
    );
  }

  /** Every row of every table, as text, in a fixed order. */
  async dump(): Promise<readonly string[]> {
    const tables = ['manufacturers', 'products', 'product_codes'];
    const dumps = await Promise.all(
      tables.map(async (table) => {
        const { rows } = await this.pool.query<{ line: string }>(
          `select t::text as line from ${catalog}.${table} t order by t::text collate "C"`,
        );
        return rows.map(({ line }) => `${table} ${line}`);
      }),
    );
    return dumps.flat();
  }

  async stop(): Promise<void> {
    await this.store.close();
    await this.drop();
  }
}

const inSchema = (
  store: ReadStore,
  work: (client: Parameters<typeof applyEvents>[0]) => Promise<unknown>,
  create?: 'create',
): Promise<void> =>
  store.transaction(async (client) => {
    if (create) await client.query(`create schema ${catalog}`);
    await client.query(`set local search_path to ${catalog}, public`);
    await work(client);
  });
