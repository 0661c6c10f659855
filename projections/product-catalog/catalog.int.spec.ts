import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { ResourceReader } from '#resource/reader.js';
import { readOne } from '#resource/reading.js';
import { Fixture } from '#subscription/projection/test/fixture.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

import { apiKeyNames } from '../api-keys/api-keys.http.js';
import { eventClock } from '../event-clock/event-clock.projection.js';
import { manufacturers } from './manufacturers.http.js';
import { catalog, productCatalog } from './product-catalog.projection.js';
import { products } from './products.http.js';
import { appendAll, decimal, idOf, Story, text } from './story.fixture.js';

let fixture: Fixture;
let reader: ResourceReader;

const dump = async (): Promise<readonly unknown[]> => {
  const tables = ['manufacturers', 'products', 'product_codes'];
  const rows = await Promise.all(
    tables.map((table) =>
      fixture.rows(
        `select t::text as line from ${catalog}.${table} t order by t::text collate "C"`,
      ),
    ),
  );
  return rows.flat();
};

const story = new Story()
  .maker('Alpha', 'ALPHA')
  .battery('Smile', 'Alpha', 'ALPHA-SMILE')
  .product(
    'Smile',
    {
      type: 'ElementsSet',
      data: {
        elements: {
          EnergyCapacityNominal: { ...decimal('5.12', 'kWh'), raw: '5,12' },
          Description: text('Wall box'),
        },
        list: 'cec-batteries',
      },
    },
    { source: 'import', evidence: { sha256: 'a'.repeat(64), file: 'list.csv', row: 7 } },
  )
  .product(
    'Smile',
    { type: 'ElementsSet', data: { elements: { EnergyCapacityNominal: decimal('5.2', 'kWh') } } },
    { reason: 'data sheet', actor: { id: 'key-2', kind: 'apiKey', roles: ['curator'] } },
  )
  .maker('Beta', 'BETA')
  .manufacturer('Beta', { type: 'ManufacturerAbsorbed', data: { manufacturerId: idOf('Alpha') } })
  .manufacturer('Alpha', { type: 'ManufacturerMerged', data: { into: idOf('Beta') } });

describe('the catalogue over a log', () => {
  let positions: readonly Position[];

  beforeAll(async () => {
    fixture = await Fixture.start();
    reader = new ResourceReader(fixture.store, fixture.log, fixture.tail, apiKeyNames);
    await fixture.runBuilt(eventClock, productCatalog);
    positions = await appendAll(fixture.log, story.events);
    await waitForPosition(fixture.store, productCatalog, positions.at(-1) ?? never(), {
      timeoutMs: 20_000,
    });
  });
  afterAll(() => fixture.stop());

  it('shows what the events led to', async () => {
    expect(await readOne(fixture.store.pool, products, 'ALPHA-SMILE')).toEqual({
      id: idOf('Smile'),
      code: 'ALPHA-SMILE',
      type: 'ProdBattery',
      manufacturer: { id: idOf('Beta'), name: 'Beta', code: 'BETA' },
      model: 'Smile',
      elements: {
        Description: { value: 'Wall box' },
        EnergyCapacityNominal: { value: '5.2', unit: 'kWh' },
      },
      certifications: [],
      qualifications: [],
      warnings: [],
      formerly: [],
      merged: [],
      revision: 2,
      position: formatPosition(positions[4] ?? never()),
      links: {
        batteries: `/v1/products/${idOf('Smile')}/batteries`,
        experiments: `/v1/products/${idOf('Smile')}/experiments`,
        batteryProposal: `/v1/products/${idOf('Smile')}/battery-proposal`,
      },
    });
  });

  it('is the same row for row after a rebuild', async () => {
    const live = await dump();
    expect(live).toHaveLength(4);
    await fixture.rebuild('product-catalog', productCatalog.version);
    expect(await dump()).toEqual(live);
  });

  const productAt = (index: number) =>
    reader.itemAsOf(products, idOf('Smile'), { position: positions[index] ?? never() });

  it('answers as of a position with everything as it was then', async () => {
    await expect(productAt(1)).rejects.toMatchObject({ code: 'NOT_REGISTERED_THEN' });
    expect(await productAt(2)).toMatchObject({ elements: {}, revision: 0 });
    expect(await productAt(3)).toMatchObject({
      elements: { EnergyCapacityNominal: { value: '5.12', unit: 'kWh' } },
      manufacturer: { id: idOf('Alpha'), name: 'Alpha', code: 'ALPHA' },
      revision: 1,
    });
    expect(await productAt(6)).toMatchObject({ manufacturer: { id: idOf('Alpha') }, revision: 2 });
    const now = await readOne(fixture.store.pool, products, idOf('Smile'));
    expect(JSON.stringify(await productAt(8))).toBe(JSON.stringify(now));
  });

  it('answers for a manufacturer as of a position', async () => {
    const at = (index: number) =>
      reader.itemAsOf(manufacturers, idOf('Alpha'), { position: positions[index] ?? never() });
    expect(await at(7)).toMatchObject({ id: idOf('Alpha'), merged: [] });
    const now = await readOne(fixture.store.pool, manufacturers, idOf('Alpha'));
    expect(now).toMatchObject({
      id: idOf('Beta'),
      aliases: ['Alpha'],
      merged: [idOf('Alpha')],
      products: 1,
    });
    expect(JSON.stringify(await at(8))).toBe(
      JSON.stringify(now).replace('"products":1', '"products":null'),
    );
  });

  it('tells who changed what, when, why and on which evidence', async () => {
    const { items, nextCursor } = await reader.history(products, idOf('Smile'), { order: 'asc' });
    expect(nextCursor).toBeNull();
    expect(items.map(({ revision, event }) => [revision, event])).toEqual([
      [0, 'ProductRegistered'],
      [1, 'ElementsSet'],
      [2, 'ElementsSet'],
    ]);
    expect(items[1]).toMatchObject({
      source: 'import',
      evidence: {
        sha256: 'a'.repeat(64),
        file: 'list.csv',
        row: 7,
        raw: { EnergyCapacityNominal: '5,12' },
      },
      reason: null,
    });
    expect(items[2]).toMatchObject({
      position: formatPosition(positions[4] ?? never()),
      actor: { id: 'key-2' },
      reason: 'data sheet',
      evidence: null,
      changes: [{ path: '/elements/EnergyCapacityNominal/value', from: '5.12', to: '5.2' }],
    });
  });
});

const never = (): never => {
  throw new Error('the story has no such event');
};
