import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PageOf } from '#http/paging.js';
import { readPage, type Selected } from '#resource/reading.js';
import { type Resource, sortsOf } from '#resource/resource.js';

import { CatalogDatabase } from './catalog-database.fixture.js';
import { manufacturers } from './manufacturers.http.js';
import { products } from './products.http.js';
import { decimal, idOf, Story, text } from './story.fixture.js';

let database: CatalogDatabase;
let story: Story;
let told = 0;

const makers = ['Ah', 'Beh', 'Ceh', 'Deh', 'Eh'];
const names = Array.from({ length: 23 }, (_, index) => `P ${String(index % 5)}/${String(index)}`);

/** A catalogue in which some products have a code, a capacity or a known manufacturer, and some have not. */
const begin = (): Story => {
  const begun = new Story();
  for (const [index, maker] of makers.entries()) {
    if (index < 4) begun.maker(maker, index % 2 ? `M${String(index)}` : undefined);
  }
  for (const [index, product] of names.entries()) {
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
const aProduct = fc.constantFrom(...names);
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
  fc.tuple(aProduct, aMaker).map(
    ([name, maker]): Change =>
      (to) =>
        to.product(name, {
          type: 'ProductTransferred',
          data: { manufacturerId: idOf(maker), previous: idOf('Ah'), from: '2025-07-01' },
        }),
  ),
  fc.tuple(aProduct, fc.integer({ min: 0, max: 99 })).map(
    ([name, number]): Change =>
      (to) =>
        to.product(name, {
          type: 'ModelRenamed',
          data: { model: `P ${String(number)}`, previous: name },
        }),
  ),
  fc.tuple(aProduct, aProduct).map(([name, into]): Change => (to) => {
    if (name >= into) return;
    const data = { into: idOf(into), mergerId: idOf('merger') };
    to.product(name, { type: 'ProductMerged', data });
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
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): Promise<PageOf<{ readonly id: string }>>;
}

const listsOf = <Item extends { readonly id: string }>(
  resource: Resource<Item>,
  filter?: Selected['filter'],
): List[] =>
  sortsOf(resource).map((sort) => ({
    name: `${resource.name} by ${sort}`,
    page: (page) => readPage(database.pool, resource, { filter, sort, ...page }),
  }));

const lists: readonly List[] = [
  ...listsOf(products, { type: 'ProdBattery', q: 'p' }),
  ...listsOf(manufacturers),
];

const idsOf = async (list: List): Promise<readonly string[]> =>
  (await list.page({ limit: 1_000 })).items.map(({ id }) => id);

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
      { numRuns: 5 },
    );
  });
});
