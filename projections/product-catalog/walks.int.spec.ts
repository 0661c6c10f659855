import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Pool } from 'pg';

import type { PageOf } from '#http/paging.js';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { listManufacturers, manufacturerSorts } from './manufacturer-list.js';
import { catalog } from './product-catalog.projection.js';
import type { ProductFilter } from './product-filter.js';
import { listProducts, productSorts } from './product-list.js';
import { decimal, idOf, Story, text } from './story.fixture.js';

let database: CatalogDatabase;
let story: Story;
let told = 0;

const makers = ['Ah', 'Beh', 'Ceh', 'Deh', 'Eh'];
const products = Array.from(
  { length: 23 },
  (_, index) => `P ${String(index % 5)}/${String(index)}`,
);

/** A catalogue in which some products have a code, a capacity or a known manufacturer, and some have not. */
const begin = (): Story => {
  const begun = new Story();
  for (const [index, maker] of makers.entries()) {
    if (index < 4) begun.maker(maker, index % 2 ? `M${String(index)}` : undefined);
  }
  for (const [index, product] of products.entries()) {
    const maker = makers[index % makers.length] ?? '';
    begun.battery(product, maker, index % 3 ? `C-${String(index)}` : null, {
      ...(index % 4 > 0 && { EnergyCapacityNominal: decimal(String(index % 7), 'kWh') }),
      ...(index % 4 > 1 && { PowerDCContinuousMax: decimal(String(index % 3), 'kW') }),
      ...(index % 2 > 0 && { BatteryChemistryType: text(index % 4 > 2 ? 'LiIon' : 'LeadAcid') }),
    });
  }
  return begun;
};

const applyNew = async (): Promise<void> => {
  await database.apply(story.events.slice(told));
  told = story.events.length;
};

beforeAll(async () => {
  database = await CatalogDatabase.create();
});
afterAll(() => database.stop());

const restart = async (): Promise<void> => {
  await database.clear();
  story = begin();
  told = 0;
  await applyNew();
};

type Change = (story: Story) => void;

let added = 0;
const aProduct = fc.constantFrom(...products);
const aMaker = fc.constantFrom(...makers);
const aNumber = fc.integer({ min: -9, max: 9 }).map(String);

/** Everything that moves a row in some order, and new rows. */
const aChange: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(aProduct, fc.integer({ min: 0, max: 99_999 })).map(
    ([name, code]): Change =>
      (to) =>
        to.product(name, {
          type: 'ProdCodeAssigned',
          data: { code: `C-${String(code)}`, previous: null },
        }),
  ),
  fc.tuple(aProduct, aNumber).map(
    ([name, value]): Change =>
      (to) =>
        to.set(name, {
          EnergyCapacityNominal: decimal(value, 'kWh'),
          PowerDCContinuousMax: decimal(value, 'W'),
        }),
  ),
  fc.tuple(aProduct, fc.constantFrom('LiIon', 'LiFePO4', 'LeadAcid')).map(
    ([name, value]): Change =>
      (to) =>
        to.set(name, { BatteryChemistryType: text(value) }),
  ),
  aProduct.map(
    (name): Change =>
      (to) =>
        to.product(name, {
          type: 'ElementsWithdrawn',
          data: { names: ['BatteryChemistryType', 'EnergyCapacityNominal'] },
        }),
  ),
  fc.tuple(aMaker, fc.integer({ min: 0, max: 99 })).map(
    ([name, code]): Change =>
      (to) =>
        to.manufacturer(name, {
          type: 'EntityCodeIssued',
          data: { code: `M${String(code)}`, previous: null, rule: 'manual' },
        }),
  ),
  fc.tuple(aMaker, aMaker).map(([name, into]): Change => (to) => {
    if (name >= into) return;
    to.manufacturer(name, { type: 'ManufacturerMerged', data: { into: idOf(into) } });
  }),
  fc.constant<Change>((to) => to.maker('Eh', 'EH')),
  aMaker.map((maker): Change => (to) => {
    added += 1;
    to.battery(`New ${String(added)}`, maker, `C-NEW${String(added)}`);
  }),
);

interface List {
  readonly name: string;
  page(page: {
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<PageOf<{ readonly id: string }>>;
}

const filters: readonly ProductFilter[] = [{}, { type: 'ProdBattery', q: 'p' }];
const lists: readonly List[] = [
  ...productSorts.map((sort, index) => ({
    name: `products by ${sort}`,
    page: (page: Parameters<List['page']>[0]) =>
      listProducts(database.pool, filters[index % 2] ?? {}, sort, page),
  })),
  ...manufacturerSorts.map((sort) => ({
    name: `manufacturers by ${sort}`,
    page: (page: Parameters<List['page']>[0]) => listManufacturers(database.pool, {}, sort, page),
  })),
];

const idsOf = async (list: List): Promise<readonly string[]> =>
  (await list.page({ cursor: undefined, limit: 1_000 })).items.map(({ id }) => id);

/** A walk over one list, page by page. */
class Walk {
  readonly seen: string[] = [];
  isDone = false;
  private cursor: string | undefined;

  private constructor(
    readonly list: List,
    readonly atStart: readonly string[],
  ) {}

  static async over(list: List): Promise<Walk> {
    return new Walk(list, await idsOf(list));
  }

  async step(limit: number): Promise<void> {
    if (this.isDone) return;
    const page = await this.list.page({ cursor: this.cursor, limit });
    this.seen.push(...page.items.map(({ id }) => id));
    this.cursor = page.nextCursor ?? undefined;
    this.isDone = this.cursor === undefined;
  }
}

describe('walks over every list in every order', () => {
  it('give what is there all the time once, in the order of their start, whatever moves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.array(aChange, { maxLength: 6 }), { minLength: 4, maxLength: 12 }),
        async (limit, rounds) => {
          await restart();
          const walks = await Promise.all(lists.map((list) => Walk.over(list)));
          for (let round = 0; walks.some(({ isDone }) => !isDone); round += 1) {
            for (const walk of walks) await walk.step(limit);
            for (const change of rounds[round] ?? []) change(story);
            await applyNew();
          }
          for (const { list, seen, atStart } of walks) {
            const atEnd = new Set(await idsOf(list));
            const always = new Set(atStart.filter((id) => atEnd.has(id)));
            expect([list.name, ...seen.filter((id) => always.has(id))]).toEqual([
              list.name,
              ...atStart.filter((id) => always.has(id)),
            ]);
            expect(new Set(seen).size).toBe(seen.length);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each(['changed', '-changed'] as const)(
    'by %s go on while a batch is applied within each page',
    async (sort) => {
      await restart();
      const walk = await Walk.over({
        name: sort,
        page: (page) => listProducts(database.pool, {}, sort, page),
      });
      while (!walk.isDone) {
        for (const product of products) story.set(product, { ProdName: text(String(told)) });
        await Promise.all([walk.step(2), applyNew()]);
      }
      expect([...walk.seen].sort()).toEqual([...walk.atStart].sort());
    },
  );

  it('begin on the new tables where these take the place of the old ones within the first page', async () => {
    await restart();
    const other = await CatalogDatabase.create();
    await other.apply(story.events);
    let asked = 0;
    const switched = {
      query: (...statement: [string, unknown[]]) =>
        (asked++ === 0 ? database.pool : other.pool).query(...statement),
    } as Pick<Pool, 'query'>;
    const first = await listProducts(switched, {}, 'capacity', { cursor: undefined, limit: 99 });
    const last = await listProducts(other.pool, {}, 'capacity', { cursor: undefined, limit: 99 });
    expect(asked).toBeGreaterThan(2);
    expect(first).toEqual(last);
    await other.stop();
  });

  it('end with CURSOR_EXPIRED once the tables were built anew', async () => {
    await restart();
    const first = await listProducts(database.pool, {}, 'code', { cursor: undefined, limit: 2 });
    const other = await CatalogDatabase.create();
    await other.apply(story.events);
    const goOn = listProducts(other.pool, {}, 'code', {
      cursor: first.nextCursor ?? '',
      limit: 2,
    });
    await expect(goOn).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', kind: 'invalid' });
    await other.stop();
  });

  it('end with CURSOR_EXPIRED once too much has moved', async () => {
    await restart();
    const first = await listProducts(database.pool, {}, 'code', { cursor: undefined, limit: 2 });
    const page = { cursor: first.nextCursor ?? '', limit: 2 };
    await database.pool.query(
      `insert into ${catalog}.moved_products (move, id, position)
       select number, 'other', 1 from generate_series(1, 99990) as number`,
    );
    expect((await listProducts(database.pool, {}, 'code', page)).items).toHaveLength(2);
    for (const product of products) story.set(product, { ProdName: text('moved') });
    await applyNew();
    await expect(listProducts(database.pool, {}, 'code', page)).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
    });
  });
});
