import { describe, expect, it } from 'vitest';

import { contracts } from '#apps/contracts.js';
import { subscriptions } from '#apps/subscriptions.js';
import { Publication } from '#fanout/fact.js';

import { allCategories } from './all-categories.js';
import { exampleEvent } from './example-events.js';
import { retiredCategories } from './retired-categories.js';

const publication = new Publication(contracts);

describe.each(retiredCategories)('what $category stored once', ({ category, types, stored }) => {
  it('has every type', () => {
    expect([...new Set(stored.map(({ type }) => type))]).toEqual(types);
  });

  it('stops no follower: only what takes every event takes it', () => {
    for (const { type, data } of stored) {
      const event = exampleEvent(category, type, data);
      const taking = subscriptions.all.filter(({ mayHandle }) => mayHandle(event));
      expect(taking.map(({ name }) => name)).toEqual(['event-clock']);
      expect(publication.of(event)).toBeNull();
    }
  });

  it('is of a category whose name nobody uses', () => {
    expect(allCategories.map((one) => one.category)).not.toContain(category);
  });
});
