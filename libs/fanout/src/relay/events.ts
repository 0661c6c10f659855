import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, name } from '#kernel/schema.js';

// The names below are the storage format.

/** One stream: what operators requested of the relay. The reason is in the metadata. */
export const relayCategory = 'relay';
export const relayId = 'main';
export const relayStream = `${relayCategory}-${relayId}`;

export const relayEvents = eventTypes({
  RelayPaused: { about: 'The relay publishes nothing from now on.', data: closed({}), example: {} },
  RelayResumed: { about: 'The relay goes on where it was.', data: closed({}), example: {} },
  RelayTopicReset: {
    about:
      'The topic is to be completed from what it holds: made anew where it is missing, filled from the start where it is empty.',
    data: closed({ topic: name('Its name, without a prefix.') }),
    example: { topic: 'voltrace.product-registry.v1' },
  },
});

export type RelayEvent = EventOf<typeof relayEvents>;
