import { describe, expect, it } from 'vitest';

import { contracts } from '#apps/contracts.js';
import { keyCategory, keyClaimed } from '#event-log/key/claim-key.js';
import { libraryTypes, newest } from '#event-log/reading.js';
import { categoryOf } from '#event-log/stream-name.js';
import { Publication } from '#fanout/fact.js';
import { projections } from '#projections/all.js';
import { readBy } from '#subscription/projection/projection.js';

import { allCategories as deciders } from './all-categories.js';
import { exampleEvent } from './example-events.js';

const publication = new Publication(contracts);

/** Every type that can stand in any stream, with an empty body: none of these readers may need more to know it. */
const stored = [
  exampleEvent(keyCategory, keyClaimed, {}),
  ...deciders.flatMap(({ category, events, upcasts }) =>
    [...Object.keys(events), ...Object.keys(upcasts ?? {}), ...libraryTypes].map((type) =>
      exampleEvent(category, type, {}),
    ),
  ),
];

describe('every event type that can stand in a stream', () => {
  it('is one of at least seven categories', () => {
    expect(deciders.length).toBeGreaterThanOrEqual(7);
    expect(stored.length).toBeGreaterThan(40);
  });

  it.each(stored.map((event) => [`${event.type} of ${categoryOf(event.stream)}`, event] as const))(
    '%s is known to every follower, or knowingly passed over',
    (_, event) => {
      const types = deciders.find(({ category }) => category === categoryOf(event.stream));
      // Relay, consumers and `topics verify`.
      expect(() => publication.of(event)).not.toThrow();
      for (const projection of projections) expect(() => readBy(projection, event)).not.toThrow();
      // Processes, statuses, control of the relay and of subscriptions, history and as-of.
      if (types) expect(newest(types, event) === null).toBe(libraryTypes.has(event.type));
      if (libraryTypes.has(event.type)) expect(publication.of(event)).toBeNull();
    },
  );
});

describe.each(deciders.map((types) => [types.category, types] as const))(
  'an event of %s that this version does not know',
  (category, types) => {
    const event = exampleEvent(category, 'InventedLater', {});
    const refused = expect.objectContaining({ code: 'EVENT_TYPE_UNKNOWN', kind: 'unavailable' });

    it('stops every follower of the category, and no other', () => {
      expect(() => newest(types, event)).toThrow(refused);
      const isPublished = contracts.some((contract) =>
        contract.categories.some((each) => each.types.category === category),
      );
      if (isPublished) expect(() => publication.of(event)).toThrow(refused);
      else expect(publication.of(event)).toBeNull();
      for (const projection of projections) {
        if (projection.reading?.follows(event.stream)) {
          expect(() => readBy(projection, event)).toThrow(refused);
        } else {
          const takesAll = Object.hasOwn(projection.on, '*');
          expect(readBy(projection, event)).toBe(takesAll ? event : undefined);
        }
      }
    });
  },
);
