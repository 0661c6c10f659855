import { ProjectionDatabase } from '#subscription/projection/test/projection-database.js';

import { catalog, productCatalog } from './product-catalog.projection.js';

/** A real database with the catalogue's tables in the schema that queries read. */
export class CatalogDatabase extends ProjectionDatabase {
  static async create(): Promise<CatalogDatabase> {
    return new CatalogDatabase(...(await ProjectionDatabase.partsOf(productCatalog)));
  }

  /** Empties every table. */
  async clear(): Promise<void> {
    await this.change((client) =>
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
}
