import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { Fact } from '#fanout/fact.js';

import { ActivityDatabase } from './activity-database.fixture.js';
import { merged, named, product, registered } from './facts.fixture.js';
import { forgetActivity } from './record-activity.js';

let database: ActivityDatabase;

beforeAll(async () => {
  database = await ActivityDatabase.create();
});
afterEach(() => database.clear());
afterAll(() => database.stop());

const at = (day: number, hour = 8): Partial<Fact> => ({
  recordedAt: `2026-02-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000Z`,
});

const story: readonly Fact[] = [
  named('m1', 'One', at(1)),
  named('m2', 'Two', at(1)),
  registered('p1', 'm1', at(1)),
  registered('p2', 'm2', at(1, 9)),
  product('p1', 'ElementsSet', at(1, 10)),
  product('p1', 'ElementsSet', at(1, 7)),
  product('p2', 'ElementsSet', at(2)),
  merged('m1', 'm2', at(2)),
  product('p1', 'ListingPublished', at(3)),
];

describe('the activity of the registry', () => {
  it.each([1, 2, 3, 9])('comes to the same in batches of %d', async (size) => {
    await database.record(story, size);
    expect(await database.dump()).toEqual([
      'activity 2026-02-01 m1 elements-set 2 2026-02-01 07:00:00 2026-02-01 10:00:00',
      'activity 2026-02-01 m1 manufacturer-registered 1 2026-02-01 08:00:00 2026-02-01 08:00:00',
      'activity 2026-02-01 m1 product-registered 1 2026-02-01 08:00:00 2026-02-01 08:00:00',
      'activity 2026-02-01 m2 manufacturer-registered 1 2026-02-01 08:00:00 2026-02-01 08:00:00',
      'activity 2026-02-01 m2 product-registered 1 2026-02-01 09:00:00 2026-02-01 09:00:00',
      'activity 2026-02-02 m1 manufacturer-merged 1 2026-02-02 08:00:00 2026-02-02 08:00:00',
      'activity 2026-02-02 m2 elements-set 1 2026-02-02 08:00:00 2026-02-02 08:00:00',
      'activity 2026-02-03 m1 listing-published 1 2026-02-03 08:00:00 2026-02-03 08:00:00',
      'maker (p1,m1)',
      'maker (p2,m2)',
      'manufacturer (m1,One,m2)',
      'manufacturer (m2,Two,)',
    ]);
  });

  it.each([1, 2, 9])('counts for the manufacturer of the time, in batches of %d', async (size) => {
    const transferred = product('p1', 'ProductTransferred', {
      ...at(2),
      data: { manufacturerId: 'm2' },
    });
    const facts = [
      ...[registered('p1', 'm1', at(1)), product('p1', 'ElementsSet', at(1)), transferred],
      product('p1', 'ElementsSet', at(2)),
    ];
    await database.record(facts, size);
    expect((await database.dump()).map((line) => line.split(' ').slice(0, 5).join(' '))).toEqual([
      'activity 2026-02-01 m1 elements-set 1',
      'activity 2026-02-01 m1 product-registered 1',
      'activity 2026-02-02 m2 elements-set 1',
      'activity 2026-02-02 m2 product-transferred 1',
      'maker (p1,m2)',
    ]);
  });

  it('does not depend on which of two partitions is ahead', async () => {
    const ofManufacturers = story.filter(({ stream }) => stream.startsWith('manufacturer-'));
    const ofProducts = story.filter(({ stream }) => stream.startsWith('product-'));
    await database.record(story);
    const inOrder = await database.dump();
    await database.clear();
    await database.record(ofProducts);
    await database.record(ofManufacturers);
    expect(await database.dump()).toEqual(inOrder);
  });

  it('loses no count where partitions are handled at the same time', async () => {
    const partitions = Array.from({ length: 8 }, (_, number) => {
      const id = `q${String(number)}`;
      const facts = Array.from({ length: 40 }, (_, index) =>
        product(id, index % 2 === 0 ? 'ElementsSet' : 'ListingRevised', at(1 + (index % 5))),
      );
      return [registered(id, 'm1', at(1)), ...facts];
    });
    await Promise.all(partitions.map((facts) => database.record(facts, 5)));
    const { rows } = await database.pool.query<{ kind: string; changes: number }>(
      `select kind, sum(changes)::int as changes from analytics.registry_activity
        group by kind order by kind`,
    );
    expect(rows).toEqual([
      { kind: 'elements-set', changes: 160 },
      { kind: 'listing-revised', changes: 160 },
      { kind: 'product-registered', changes: 8 },
    ]);
  });

  it('counts nothing of a batch in which one fact cannot be counted', async () => {
    const batch = [registered('p1', 'm1'), product('p7', 'ElementsSet')];
    await expect(database.record(batch)).rejects.toThrow(
      /ElementsSet\.v1 at 0 of product-p7: the registration of the product has not been counted/,
    );
    expect(await database.dump()).toEqual([]);
  });
});

describe('forgetting the activity', () => {
  it('leaves nothing, and counting anew comes to the same', async () => {
    await database.record(story);
    const before = await database.dump();
    await database.store.transaction((client) => forgetActivity(client));
    expect(await database.dump()).toEqual([]);
    await database.record(story, 4);
    expect(await database.dump()).toEqual(before);
  });
});
