import { Type } from 'typebox';

import { type EventOf, eventTypes, type ObjectOf } from '#kernel/event-types.js';
import { closed, id, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format.

/** One stream per subscription: what operators requested of it. A running process carries each out once. */
export const subscriptionCategory = 'subscription';
export const controlStream = (subscription: string): string =>
  `${subscriptionCategory}-${subscription}`;

const ofVersion = closed({
  version: Type.Integer({
    minimum: 0,
    description: 'Of a projection, whose builds are meant; 0 for consumers and processes.',
  }),
});

const parkedFacts = {
  scope: name('A build of a projection, a topic, or `log`.'),
  key: text('Its stream, as far as the record names one: those that wait behind it have it too.'),
  eventId: id('Of the parked event.'),
  type: orNull(name('Null where the record is undecodable: then it is tried alone.')),
  error: orNull(text('What it failed by, when somebody inspected it.')),
};

/** A parked event as it was when somebody inspected it. */
export type ParkedFacts = ObjectOf<typeof parkedFacts>;

const parked: ParkedFacts = {
  scope: 'voltrace.product-registry.v1',
  key: 'product-6f1c0c52-3f39-5f0e-8a0b-7a4b3d1f2e10',
  eventId: '0d1c5f0a-4f0e-5a8e-9c8d-3b6f6a2c1e11',
  type: 'voltrace.product-registry.ElementsSet.v1',
  error: 'error: invalid input syntax for type numeric: "n/a"',
};

export const controlEvents = eventTypes({
  SubscriptionReset: {
    about: 'Events after `to` are delivered again, by whichever source it runs on from then on.',
    data: closed({
      to: orNull(text('A position of the log as a decimal string; null: from the start.')),
    }),
    example: { to: null },
  },
  SubscriptionPaused: {
    about:
      'Nothing is handled until it is resumed. Of a projection with an unfinished build only that build pauses.',
    data: ofVersion,
    example: { version: 0 },
  },
  SubscriptionResumed: {
    about: 'What was paused goes on where it paused.',
    data: ofVersion,
    example: { version: 0 },
  },
  ProjectionRebuildRequested: {
    about: 'New tables are built beside the ones in use, and then switched to.',
    data: ofVersion,
    example: { version: 7 },
  },
  ProjectionVersionDropped: {
    about: 'The tables of a version that is not the running one are dropped.',
    data: ofVersion,
    example: { version: 6 },
  },
  ParkedEventsRetried: {
    about: 'The parked events of that event’s key are handled again, in order.',
    data: closed({ parked: orNull(closed(parkedFacts)) }),
    example: { parked },
  },
  ParkedEventDiscarded: {
    about:
      'The event is given up for good, by every later build and reset too. Those behind it are handled.',
    data: closed({ parked: closed(parkedFacts) }),
    example: { parked },
  },
});

export type ControlEvent = EventOf<typeof controlEvents>;
export type ControlEventOf<T extends ControlEvent['type']> = Extract<ControlEvent, { type: T }>;
