import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import type { StoredEvent } from '#event-log/event-log.js';
import { readOne, readPage } from '#resource/reading.js';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { manufacturers } from './manufacturers.http.js';
import { catalog } from './product-catalog.projection.js';
import { products } from './products.http.js';
import { decimal, idOf, Story, text } from './story.fixture.js';

const databases: CatalogDatabase[] = [];
const database = async (): Promise<CatalogDatabase> => {
  const made = await CatalogDatabase.create();
  databases.push(made);
  return made;
};
afterEach(async () => {
  for (const made of databases.splice(0)) await made.stop();
});

/** One step of a random story: it may come before what it rests on, as after a parked event. */
const step = fc.oneof(
  fc.record({ do: fc.constant('maker' as const), who: fc.nat(3) }),
  fc.record({
    do: fc.constant('battery' as const),
    what: fc.nat(5),
    who: fc.nat(4),
    code: fc.nat(3),
  }),
  fc.record({
    do: fc.constant('set' as const),
    what: fc.nat(5),
    to: fc.stringMatching(/^[1-9]\d{0,3}(\.\d)?$/),
  }),
  fc.record({ do: fc.constant('withdraw' as const), what: fc.nat(5) }),
  fc.record({ do: fc.constant('code' as const), what: fc.nat(5), code: fc.nat(6) }),
  fc.record({ do: fc.constant('merge' as const), who: fc.nat(3), into: fc.nat(3) }),
  fc.record({
    do: fc.constant('alias' as const),
    who: fc.nat(3),
    to: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({ do: fc.constant('forfeit' as const), what: fc.nat(5) }),
  fc.record({ do: fc.constant('transfer' as const), what: fc.nat(5), who: fc.nat(3) }),
  fc.record({ do: fc.constant('unite' as const), what: fc.nat(5), into: fc.nat(5) }),
  fc.record({ do: fc.constant('split' as const), what: fc.nat(5) }),
);

const storable = (value: string): string => value.replaceAll('\0', '');

const told = (
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
): StoredEvent[] => {
  const story = new Story();
  for (const one of steps) {
    const product = 'what' in one ? `P${String(one.what)}` : '';
    const maker = 'who' in one ? `M${String(one.who)}` : '';
    if (one.do === 'maker') story.maker(maker, `CODE${maker}`);
    else if (one.do === 'battery') story.battery(product, maker, `X-${String(one.code)}`);
    else if (one.do === 'set') {
      story.set(product, {
        EnergyCapacityNominal: decimal(one.to, 'kWh'),
        Description: text(one.to),
      });
    } else if (one.do === 'withdraw') {
      story.product(product, { type: 'ElementsWithdrawn', data: { names: ['Description'] } });
    } else if (one.do === 'code') {
      const code = `X-${String(one.code)}`;
      story.product(product, { type: 'ProdCodeAssigned', data: { code, previous: null } });
    } else if (one.do === 'transfer') {
      const data = { manufacturerId: idOf(maker), previous: idOf('M0'), from: '2025-07-01' };
      story.product(product, { type: 'ProductTransferred', data });
    } else if (one.do === 'unite') {
      const data = { into: idOf(`P${String(one.into)}`), mergerId: idOf('merger') };
      story.product(product, { type: 'ProductMerged', data });
    } else if (one.do === 'split') {
      const data = { from: idOf('P0'), mergerId: idOf('merger') };
      story.product(product, { type: 'ProductSplit', data });
    } else if (one.do === 'merge') {
      const into = idOf(`M${String(one.into)}`);
      story.manufacturer(maker, { type: 'ManufacturerMerged', data: { into } });
    } else if (one.do === 'alias') {
      const alias = storable(one.to);
      story.manufacturer(maker, { type: 'ManufacturerAliasAdded', data: { alias } });
    } else {
      const data = { kind: 'k', value: 'v', claim: '0' };
      story.add(`product-${idOf(product)}`, { type: 'KeyForfeited', data });
    }
  }
  return story.events;
};

describe('the catalogue’s tables', () => {
  it('hold the same rows however the log was cut into batches', async () => {
    const [live, rebuilt] = [await database(), await database()];
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (steps, size) => {
          const events = told(steps);
          await live.clear();
          await rebuilt.clear();
          await live.apply(events, size);
          await rebuilt.apply(events);
          expect(await live.dump()).toEqual(await rebuilt.dump());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lead from every code to its product, in any case', async () => {
    const { pool, apply } = await bound();
    await apply(
      new Story()
        .maker('Alpha', 'OLD')
        .battery('B', 'Alpha', 'OLD-B', { Description: text('x') })
        .manufacturer('Alpha', {
          type: 'EntityCodeIssued',
          data: { code: 'NEW', previous: 'OLD', rule: 'published' },
        })
        .product('B', { type: 'ProdCodeAssigned', data: { code: 'NEW-B', previous: 'OLD-B' } })
        .events,
    );
    for (const name of ['OLD-B', 'new-b', idOf('B'), idOf('B').toUpperCase()]) {
      expect(await readOne(pool, products, name)).toMatchObject({
        id: idOf('B'),
        code: 'NEW-B',
        manufacturer: { id: idOf('Alpha'), name: 'Alpha', code: 'NEW' },
        revision: 2,
      });
    }
    expect(await readOne(pool, products, 'OLD-C')).toBeUndefined();
    expect(await readOne(pool, manufacturers, 'old')).toMatchObject({
      id: idOf('Alpha'),
      code: 'NEW',
      formerCodes: ['OLD'],
      products: 1,
    });
  });

  it('show a merged product as the one that answers for it, through several mergers, until it is split', async () => {
    const { pool, apply } = await bound();
    const into = (name: string) => ({ into: idOf(name), mergerId: idOf('merger') });
    await apply(
      new Story()
        .maker('Alpha', 'OLD')
        .battery('A', 'Alpha', 'OLD-A')
        .battery('B', 'Alpha', 'OLD-B')
        .battery('C', 'Alpha', 'OLD-C')
        .product('A', { type: 'ProductMerged', data: into('B') })
        .product('B', { type: 'ProductMerged', data: into('C') }).events,
    );
    const list = async () => (await readPage(pool, products, {})).items.map(({ model }) => model);
    for (const name of [idOf('A'), idOf('B'), 'OLD-A', 'OLD-B', 'OLD-C'])
      expect(await readOne(pool, products, name)).toMatchObject({ id: idOf('C'), code: 'OLD-C' });
    expect(await list()).toEqual(['C']);
    expect(await readOne(pool, manufacturers, idOf('Alpha'))).toMatchObject({ products: 1 });

    const data = { from: idOf('C'), mergerId: idOf('merger') };
    await apply(new Story().product('B', { type: 'ProductSplit', data }).events);
    expect(await list()).toEqual(['B', 'C']);
    expect(await readOne(pool, products, 'OLD-A')).toMatchObject({ id: idOf('B') });
  });

  it('show a transferred product under its manufacturer of today, and find it by its former model', async () => {
    const { pool, apply } = await bound();
    await apply(
      new Story()
        .maker('Alpha', 'OLD')
        .maker('Beta', 'NEW')
        .battery('B-one', 'Alpha', 'OLD-B')
        .product('B-one', {
          type: 'ProductTransferred',
          data: { manufacturerId: idOf('Beta'), previous: idOf('Alpha'), from: '2025-07-01' },
        })
        .product('B-one', { type: 'ModelRenamed', data: { model: 'B-1', previous: 'B-one' } })
        .events,
    );
    const { items } = await readPage(pool, products, { filter: { q: 'b-one' } });
    expect(items).toMatchObject([
      {
        model: 'B-1',
        manufacturer: { name: 'Beta' },
        formerly: [
          { manufacturerId: idOf('Alpha'), model: 'B-one', until: '2025-07-01' },
          { manufacturerId: idOf('Beta'), model: 'B-one', until: null },
        ],
      },
    ]);
  });

  it('show a product whose manufacturer is not there', async () => {
    const { pool, apply } = await bound();
    await apply(new Story().battery('B', 'Nobody', null).events);
    expect(await readOne(pool, products, idOf('B'))).toMatchObject({
      manufacturer: { id: idOf('Nobody'), name: null, code: null },
      elements: {},
      certifications: [],
      qualifications: [],
    });
  });

  it('find substrings by trigrams', async () => {
    const { pool } = await bound();
    const { rows } = await pool.query(
      `select indexdef from pg_indexes where schemaname = '${catalog}' and indexname = 'products_search'`,
    );
    expect(rows).toEqual([{ indexdef: expect.stringContaining('gin_trgm_ops') as unknown }]);
  });
});

const bound = async () => {
  const made = await database();
  return { pool: made.pool, apply: (events: readonly StoredEvent[]) => made.apply(events) };
};
