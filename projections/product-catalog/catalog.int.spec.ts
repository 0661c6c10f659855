import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { recordedTimes } from '#read-store/recorded-times.js';
import { Fixture } from '#read-store/test/fixture.js';
import { waitForPosition } from '#read-store/wait-for-position.js';

import { eventClock } from '../event-clock/projector.js';
import { CatalogHistory } from './catalog-history.js';
import { historyPage, type RecordedTimes } from './history.js';
import { findProduct } from './lookup.js';
import { catalog, productCatalog } from './product-catalog.projection.js';
import { appendAll, decimal, idOf, Story, text } from './story.fixture.js';

let fixture: Fixture;
let history: CatalogHistory;
const times: RecordedTimes = (events) => recordedTimes(fixture.store, fixture.log, events);

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
    history = new CatalogHistory(fixture.log);
    await fixture.runBuilt(eventClock, productCatalog);
    positions = await appendAll(fixture.log, story.events);
    await waitForPosition(fixture.store, productCatalog, positions.at(-1) ?? never(), {
      timeoutMs: 20_000,
    });
  });
  afterAll(() => fixture.stop());

  it('shows what the events led to', async () => {
    expect(await findProduct(fixture.store.pool, 'ALPHA-SMILE')).toEqual({
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
      revision: 2,
      position: formatPosition(positions[4] ?? never()),
    });
  });

  it('is the same row for row after a rebuild', async () => {
    const live = await dump();
    expect(live).toHaveLength(4);
    await fixture.rebuild('product-catalog', productCatalog.version);
    expect(await dump()).toEqual(live);
  });

  it('answers as of a position with everything as it was then', async () => {
    const at = async (index: number) =>
      history.productAt(idOf('Smile'), positions[index] ?? never());
    expect(await at(1)).toBeUndefined();
    expect(await at(2)).toMatchObject({ elements: {}, revision: 0 });
    expect(await at(3)).toMatchObject({
      elements: { EnergyCapacityNominal: { value: '5.12', unit: 'kWh' } },
      manufacturer: { id: idOf('Alpha'), name: 'Alpha', code: 'ALPHA' },
      revision: 1,
    });
    expect(await at(6)).toMatchObject({ manufacturer: { id: idOf('Alpha') }, revision: 2 });
    expect(await at(8)).toEqual(await findProduct(fixture.store.pool, idOf('Smile')));
  });

  it('answers for a manufacturer as of a position', async () => {
    const at = async (index: number) =>
      history.manufacturerAt(idOf('Alpha'), positions[index] ?? never());
    expect(await at(7)).toMatchObject({ id: idOf('Alpha'), merged: [] });
    expect(await at(8)).toMatchObject({
      id: idOf('Beta'),
      aliases: ['Alpha'],
      merged: [idOf('Alpha')],
      products: null,
    });
  });

  it('tells who changed what, when, why and on which evidence', async () => {
    const versions = await history.productVersions(idOf('Smile'));
    const page = { order: 'asc', limit: 100, cursor: undefined } as const;
    const { items, nextCursor } = await historyPage(versions, page, 'smile', times);
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

  it('pages through a history from both ends', async () => {
    const versions = await history.productVersions(idOf('Smile'));
    for (const order of ['asc', 'desc'] as const) {
      const revisions: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await historyPage(versions, { order, limit: 2, cursor }, 'smile', times);
        revisions.push(...page.items.map(({ revision }) => revision));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(revisions).toEqual(order === 'asc' ? [0, 1, 2] : [2, 1, 0]);
    }
  });

  it('refuses a history’s cursor for another order or another thing', async () => {
    const versions = await history.productVersions(idOf('Smile'));
    const page = { order: 'asc', limit: 1, cursor: undefined } as const;
    const cursor = (await historyPage(versions, page, 'smile', times)).nextCursor ?? never();
    for (const [order, thing] of [
      ['desc', 'smile'],
      ['asc', 'other'],
    ] as const) {
      await expect(
        historyPage(versions, { order, limit: 1, cursor }, thing, times),
      ).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    }
  });

  it('sees in its history what was appended just before', async () => {
    const name = 'Fresh';
    const first = new Story().battery(name, 'Alpha', null);
    await appendAll(fixture.log, first.events);
    expect(await history.productVersions(idOf(name))).toHaveLength(1);
    first.set(name, { Description: text('new') });
    await appendAll(fixture.log, first.events.slice(1));
    const versions = await history.productVersions(idOf(name));
    expect(versions.map(({ revision }) => revision)).toEqual([0n, 1n]);
    expect(versions[1]?.state?.elements).toEqual({ Description: { value: 'new' } });
  });

  it('gives the whole history to callers at the same time', async () => {
    const name = 'Crowd';
    const crowd = new Story().battery(name, 'Alpha', null);
    for (let index = 0; index < 20; index += 1) crowd.set(name, { ProdName: text(String(index)) });
    await appendAll(fixture.log, crowd.events);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => history.productVersions(idOf(name))),
    );
    for (const versions of all) {
      expect(versions.map(({ revision }) => Number(revision))).toEqual([...Array(21).keys()]);
    }
  });
});

const never = (): never => {
  throw new Error('the story has no such event');
};
