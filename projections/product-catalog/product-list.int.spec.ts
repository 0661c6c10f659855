import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readPage, type Selected } from '#resource/reading.js';
import { sortsOf } from '#resource/resource.js';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { manufacturers } from './manufacturers.http.js';
import { manyProducts } from './many-products.fixture.js';
import { exportColumns } from './product-export.js';
import type { ProductResponse } from './product-responses.http.js';
import { products } from './products.http.js';
import { decimal, idOf, Story, text } from './story.fixture.js';

let database: CatalogDatabase;

beforeAll(async () => {
  database = await CatalogDatabase.create();
});
afterAll(() => database.stop());

const certified = { agency: 'TUV', standard: 'UL1973', edition: null, certificateDate: null };

const models = async (filter: Selected['filter']): Promise<string[]> =>
  (await readPage(database.pool, products, { filter, sort: 'model' })).items.map(
    ({ model }) => model,
  );

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
        .product('Helios 44%_x', {
          type: 'CertificationRecorded',
          data: { certificationId: 'c1', ...certified, list: 'cec-batteries' },
        })
        .product('Helios 44%_x', {
          type: 'CertificationWithdrawnByList',
          data: { certificationId: 'c1', list: 'cec-batteries' },
        })
        .battery('Lead', 'Discover Energy Systems', null, {
          BatteryChemistryType: text('LeadAcid'),
          EnergyCapacityNominal: decimal('0.001', 'MWh'),
          EnergyCapacityUsable: decimal('2000', 'Wh'),
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
    const { items } = await readPage(database.pool, products, { filter: { q: 'lead' } });
    const [lead] = items;
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
    expect(await models({ warned: true })).toEqual(['Lead']);
    expect(await models({ warned: false })).toEqual(['Helios 44%_x', 'SMILE-5']);
    expect(await models({ coded: true, capacityMin: '6' })).toEqual(['Helios 44%_x']);
  });

  it('has the same columns whatever is in it, with amounts in one unit', async () => {
    const { items } = await readPage(database.pool, products, { sort: 'model' });
    const cells = (name: string) => {
      const found = exportColumns.find((column) => column.name === name);
      return items.map((item) => found?.value(item));
    };
    expect(items.map(({ model }) => model)).toEqual(['Helios 44%_x', 'Lead', 'SMILE-5']);
    expect(cells('certification_withdrawn_by')).toEqual(['cec-batteries', '', '']);
    expect(cells('warnings')).toEqual(['', 'usable-above-nominal', '']);
    expect(cells('EnergyCapacityNominal_kWh')).toContain('5.120');
    expect(cells('written_in_other_units')[2]).toBe('EnergyCapacityNominal: 5120 Wh');
  });

  it('lists manufacturers that answer for themselves, with the names and products of the merged ones', async () => {
    const { items } = await readPage(database.pool, manufacturers, {});
    expect(items).toMatchObject([
      { name: 'Alpha ESS Co., Ltd.', code: 'ALPHA', products: 1, aliases: [], merged: [] },
      {
        name: 'Discover Energy',
        products: 2,
        aliases: ['DES 100%', 'Discover Energy Systems'],
        merged: [idOf('Discover Energy Systems')],
      },
    ]);
    const found = await readPage(database.pool, manufacturers, {
      filter: { q: 'systems', code: 'disce' },
      sort: '-code',
    });
    expect(found.items.map(({ name }) => name)).toEqual(['Discover Energy']);
  });
});

describe('a list of many products', () => {
  let many: CatalogDatabase;
  const count = 60;

  beforeAll(async () => {
    many = await manyProducts(count);
  });
  afterAll(() => many.stop());

  const sortValue = (sort: string, product: ProductResponse): string | number | null => {
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

  const inOrder = (sort: string, listed: readonly ProductResponse[]): boolean =>
    listed.every((product, index) => {
      const before = listed[index - 1];
      if (!before) return true;
      const [a, b] = [sortValue(sort, before), sortValue(sort, product)];
      if (a === null) return b === null;
      if (b === null || a === b) return true;
      return sort.startsWith('-') ? a > b : a < b;
    });

  it.each(sortsOf(products))('is in the order of %s, page after page', async (sort) => {
    const first = await readPage(many.pool, products, { sort, limit: 20 });
    const cursor = first.nextCursor ?? '';
    const rest = await readPage(many.pool, products, { sort, cursor });
    const items = [...first.items, ...rest.items];
    expect(new Set(items.map(({ id }) => id)).size).toBe(count);
    expect(inOrder(sort, items)).toBe(true);
  });

  it.each(sortsOf(manufacturers))('pages through manufacturers by %s', async (sort) => {
    const first = await readPage(many.pool, manufacturers, { sort, limit: 1 });
    const cursor = first.nextCursor ?? '';
    const second = await readPage(many.pool, manufacturers, { sort, cursor, limit: 1 });
    expect(second.nextCursor).toBeNull();
    const names = [...first.items, ...second.items].map(({ name }) => name);
    expect(names.sort()).toEqual(['A', 'B']);
  });
});
