import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { fromSnapshot } from '#read-store/snapshot.js';

import type { CatalogDatabase } from './catalog-database.fixture.js';
import { manyProducts } from './many-products.fixture.js';
import { catalog } from './product-catalog.projection.js';
import { allProducts, productSorts } from './product-list.js';

describe('an export of products', () => {
  let many: CatalogDatabase;
  const count = 90;

  beforeAll(async () => {
    many = await manyProducts(count);
  });
  afterAll(() => many.stop());

  it('holds every row of the filter exactly once', async () => {
    const ids: string[] = [];
    for await (const { id } of allProducts(many.pool, { chemistry: 'LiIon' }, '-capacity')) {
      ids.push(id);
    }
    const { rows } = await many.pool.query(
      `select id from ${catalog}.products where chemistry = 'LiIon'`,
    );
    expect(ids.sort()).toEqual(rows.map(({ id }: { id: string }) => id).sort());
  });

  /** Moves about half of the rows in every order there is, as events that are applied would. */
  const moveRows = () =>
    many.pool.query(
      `update ${catalog}.products
          set code = md5(random()::text), sort_model = md5(random()::text),
              capacity_kwh = random(), power_kw = random(), chemistry = md5(random()::text),
              position = position + 1 + floor(random() * 1000)
        where random() < 0.5`,
    );

  it('holds every product exactly once though all that it is sorted by moves meanwhile', async () => {
    for (const sort of productSorts) {
      const ids: string[] = [];
      const rows = fromSnapshot(many.pool, (client) => allProducts(client, {}, sort, 10));
      for await (const { id } of rows) {
        ids.push(id);
        if (ids.length % 10 === 1) await moveRows();
      }
      expect(ids).toHaveLength(count);
      expect(new Set(ids).size).toBe(count);
    }
  });

  it('uses half of the connections at most, and frees them when the caller goes away', async () => {
    const begin = async () => {
      const rows = fromSnapshot(many.pool, (client) => allProducts(client, {}, 'code', 10));
      await rows.next();
      return rows;
    };
    const exports = await Promise.all(Array.from({ length: 5 }, begin));
    await expect(begin()).rejects.toMatchObject({ code: 'EXPORTS_BUSY', kind: 'too-many' });
    for (const rows of exports) await rows.return(undefined);
    for await (const _ of await begin()) {
      // Read to its end.
    }
    const { rows: sessions } = await many.pool.query(
      `select from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(sessions).toEqual([]);
  });
});
