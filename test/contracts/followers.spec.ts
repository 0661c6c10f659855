import { describe, expect, it } from '@jest/globals';

import { contracts } from '#apps/contracts.js';
import { keyCategory, keyClaimed } from '#event-log/key/claim-key.js';
import { libraryTypes } from '#event-log/reading.js';
import { Publication } from '#fanout/fact.js';

import { allDeciders } from './all-deciders.js';
import { exampleEvent } from './example-events.js';

const deciders = await allDeciders();
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

const categoryOf = (stream: string): string => stream.split('-')[0] ?? stream;

describe('every event type that can stand in a stream', () => {
  it('is one of at least eight categories', () => {
    expect(deciders.length).toBeGreaterThanOrEqual(8);
    expect(stored.length).toBeGreaterThan(40);
  });

  it.each(stored.map((event) => [`${event.type} of ${categoryOf(event.stream)}`, event] as const))(
    '%s is known to the relay and to the consumers',
    (_, event) => {
      expect(() => publication.of(event)).not.toThrow();
      if (libraryTypes.has(event.type)) expect(publication.of(event)).toBeNull();
    },
  );
});
