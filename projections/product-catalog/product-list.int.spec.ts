import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { listManufacturers, manufacturerSorts } from './manufacturer-list.js';
import { manyProducts } from './many-products.fixture.js';
import type { ProductFilter } from './product-filter.js';
import { elementUses, listProducts, type ProductSort, productSorts } from './product-list.js';
import type { ProductView } from './product-view.js';
import { decimal, idOf, Story, text } from './story.fixture.js';

let database: CatalogDatabase;

beforeAll(async () => {
  database = await CatalogDatabase.create();
});
afterAll(() => database.stop());

const everyPage = async (
  filter: ProductFilter,
  sort: ProductSort,
  limit: number,
): Promise<ProductView[]> => {
  const items: ProductView[] = [];
  let cursor: string | undefined;
  do {
    const page = await listProducts(database.pool, filter, sort, { cursor, limit });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
};

const models = async (filter: ProductFilter): Promise<string[]> =>
  (await everyPage(filter, 'model', 100)).map(({ model }) => model);

describe('a search for products', () => {
  beforeAll(async () => {
    await database.apply(
      new Story()
        .maker('Alpha ESS Co., Ltd.', 'ALPHA')
        .maker('Discover Energy', 'DISCE')
        .maker('Discover Energy Systems')
        .manufacturer('Discover Energy', {
          type: 'ManufacturerAliasAdded',
          data: { alias: 'DES 100%' },
        })
        .battery('SMILE-5', 'Alpha ESS Co., Ltd.', 'ALPHA-SMILE_5', {
          Description: text('Lithium   Iron box'),
          BatteryChemistryType: text('LiFePO4'),
          EnergyCapacityNominal: decimal('5120', 'Wh'),
          PowerDCContinuousMax: decimal('2.5', 'kW'),
        })
        .battery('Helios 44%_x', 'Discover Energy', 'DISCE-HELIOS', {
          EnergyCapacityNominal: decimal('10.0', 'kWh'),
          EfficiencyBatteryRoundTrip: { state: 'notSubmitted', value: null },
        })
        .battery('Lead', 'Discover Energy Systems', null, {
          BatteryChemistryType: text('LeadAcid'),
          EnergyCapacityNominal: decimal('0.001', 'MWh'),
          Height: decimal('30', 'cm'),
        })
        .manufacturer('Discover Energy Systems', {
          type: 'ManufacturerMerged',
          data: { into: idOf('Discover Energy') },
        }).events,
    );
  });

  it('finds every word somewhere, in any case', async () => {
    expect(await models({ q: 'smile' })).toEqual(['SMILE-5']);
    expect(await models({ q: 'BOX alpha' })).toEqual(['SMILE-5']);
    expect(await models({ q: 'iron lithium' })).toEqual(['SMILE-5']);
    expect(await models({ q: 'prodbattery' })).toHaveLength(3);
    expect(await models({ q: 'box discover' })).toEqual([]);
    expect(await models({ q: 'smile_5' })).toEqual(['SMILE-5']);
  });

  it('takes wildcards literally', async () => {
    expect(await models({ q: '%' })).toEqual(['Helios 44%_x', 'Lead']);
    expect(await models({ q: '4%_' })).toEqual(['Helios 44%_x']);
    expect(await models({ q: '_5' })).toEqual(['SMILE-5']);
    expect(await models({ q: '\\' })).toEqual([]);
    expect(await models({ q: "'; drop" })).toEqual([]);
  });

  it('finds a merged manufacturer’s products under every name of the family', async () => {
    for (const manufacturer of [
      'discover energy',
      'Discover Energy  SYSTEMS',
      'des 100%',
      'DISCE',
      'disce',
      idOf('Discover Energy'),
      idOf('Discover Energy Systems').toUpperCase(),
    ]) {
      expect(await models({ manufacturer })).toEqual(['Helios 44%_x', 'Lead']);
    }
    expect(await models({ manufacturer: 'discover' })).toEqual([]);
    const [lead] = await everyPage({ q: 'lead' }, 'code', 5);
    expect(lead?.manufacturer).toEqual({
      id: idOf('Discover Energy'),
      name: 'Discover Energy',
      code: 'DISCE',
    });
  });

  it('compares amounts in one unit, bounds included', async () => {
    expect(await models({ capacityMin: '5.12' })).toEqual(['Helios 44%_x', 'SMILE-5']);
    expect(await models({ capacityMin: '5.1200001' })).toEqual(['Helios 44%_x']);
    expect(await models({ capacityMax: '5.12' })).toEqual(['Lead', 'SMILE-5']);
    expect(await models({ capacityMin: '1', capacityMax: '1.0' })).toEqual(['Lead']);
    expect(await models({ powerMin: '0' })).toEqual(['SMILE-5']);
  });

  it('combines filters', async () => {
    expect(await models({ chemistry: 'LiFePO4', type: 'ProdBattery' })).toEqual(['SMILE-5']);
    expect(await models({ coded: false })).toEqual(['Lead']);
    expect(await models({ coded: true, capacityMin: '6' })).toEqual(['Helios 44%_x']);
  });

  it('knows which elements occur with which units', async () => {
    const uses = await elementUses(database.pool, {});
    expect(uses.map(({ name, unit }) => [name, unit])).toEqual([
      ['BatteryChemistryType', null],
      ['Description', null],
      ['EfficiencyBatteryRoundTrip', null],
      ['EnergyCapacityNominal', 'MWh'],
      ['EnergyCapacityNominal', 'Wh'],
      ['EnergyCapacityNominal', 'kWh'],
      ['Height', 'cm'],
      ['PowerDCContinuousMax', 'kW'],
    ]);
    expect(uses[2]).toMatchObject({ has_value: false, has_state: true, has_raw: false });
  });

  it('refuses a cursor of another filter, another sort or nobody', async () => {
    const { nextCursor } = await listProducts(database.pool, {}, 'model', {
      cursor: undefined,
      limit: 1,
    });
    const cursor = nextCursor ?? '';
    await expect(
      listProducts(database.pool, {}, '-model', { cursor, limit: 1 }),
    ).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    await expect(
      listProducts(database.pool, { q: 'x' }, 'model', { cursor, limit: 1 }),
    ).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    await expect(
      listProducts(database.pool, {}, 'model', { cursor: 'nonsense', limit: 1 }),
    ).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('reads or refuses a cursor with any number in it, whatever the sort', async () => {
    const first = { cursor: undefined, limit: 1 };
    const pages = [
      ...productSorts.map(
        (sort) => (page: typeof first | { cursor: string; limit: number }) =>
          listProducts(database.pool, {}, sort, page),
      ),
      ...manufacturerSorts.map(
        (sort) => (page: typeof first | { cursor: string; limit: number }) =>
          listManufacturers(database.pool, {}, sort, page),
      ),
    ];
    const numbers = ['9223372036854775808', '-9223372036854775809', '9'.repeat(60), '1e400', 'NaN'];
    for (const page of pages) {
      const { nextCursor } = await page(first);
      const parts = Buffer.from(nextCursor ?? '', 'base64url').toString();
      const [context, , id] = JSON.parse(parts) as [string, string | null, string];
      for (const number of numbers) {
        const cursor = Buffer.from(JSON.stringify([context, number, id])).toString('base64url');
        const refused = await page({ cursor, limit: 1 }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refused) expect(refused).toMatchObject({ code: 'CURSOR_INVALID' });
      }
    }
  });

  it('lists manufacturers that answer for themselves, with the names and products of the merged ones', async () => {
    const { items } = await listManufacturers(database.pool, {}, 'name', {
      cursor: undefined,
      limit: 10,
    });
    expect(items).toMatchObject([
      { name: 'Alpha ESS Co., Ltd.', code: 'ALPHA', products: 1, aliases: [], merged: [] },
      {
        name: 'Discover Energy',
        products: 2,
        aliases: ['DES 100%', 'Discover Energy Systems'],
        merged: [idOf('Discover Energy Systems')],
      },
    ]);
    const found = await listManufacturers(database.pool, { q: 'systems', code: 'disce' }, '-code', {
      cursor: undefined,
      limit: 10,
    });
    expect(found.items.map(({ name }) => name)).toEqual(['Discover Energy']);
  });
});

describe('a list of many products that sort alike', () => {
  let many: CatalogDatabase;
  const count = 90;

  beforeAll(async () => {
    many = await manyProducts(count);
  });
  afterAll(() => many.stop());

  const sortValue = (sort: string, product: ProductView): string | number | null => {
    const { elements } = product;
    const amount = (name: string) => (elements[name] ? Number(elements[name].value) : null);
    switch (sort.replace('-', '')) {
      case 'code':
        return product.code;
      case 'model':
        return product.model.toLowerCase();
      case 'manufacturer':
        return product.manufacturer.name?.toLowerCase() ?? null;
      case 'type':
        return product.type;
      case 'chemistry':
        return (elements['BatteryChemistryType']?.value as string | undefined) ?? null;
      case 'capacity':
        return amount('EnergyCapacityNominal');
      case 'power':
        return amount('PowerDCContinuousMax');
      default:
        return Number(product.position);
    }
  };

  const inOrder = (sort: string, products: readonly ProductView[]): boolean =>
    products.every((product, index) => {
      const before = products[index - 1];
      if (!before) return true;
      const [a, b] = [sortValue(sort, before), sortValue(sort, product)];
      if (a === null) return b === null;
      if (b === null || a === b) return true;
      return sort.startsWith('-') ? a > b : a < b;
    });

  it('gives every row exactly once and in order, whatever the sort and the page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...productSorts),
        fc.integer({ min: 1, max: count + 5 }),
        async (sort, limit) => {
          const items: ProductView[] = [];
          let cursor: string | undefined;
          do {
            const page = await listProducts(many.pool, {}, sort, { cursor, limit });
            items.push(...page.items);
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);
          expect(items).toHaveLength(count);
          expect(new Set(items.map(({ id }) => id)).size).toBe(count);
          expect(inOrder(sort, items)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('pages through manufacturers by every sort', async () => {
    for (const sort of manufacturerSorts) {
      const first = await listManufacturers(many.pool, {}, sort, { cursor: undefined, limit: 1 });
      const second = await listManufacturers(many.pool, {}, sort, {
        cursor: first.nextCursor ?? '',
        limit: 1,
      });
      expect(second.nextCursor).toBeNull();
      const names = [...first.items, ...second.items].map(({ name }) => name);
      expect(names.sort()).toEqual(['A', 'B']);
    }
  });
});
