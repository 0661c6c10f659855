import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id, instant, name } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

/** What happened at one device on one UTC day: `occurrence-<device>.<yyyymmdd>`. */
export const occurrenceCategory = 'occurrence';
export const occurrenceIdOf = ({ device, at }: Pick<OccurrenceEvent['data'], 'device' | 'at'>) =>
  `${device}.${at.slice(0, 10).replaceAll('-', '')}`;

const details = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  additionalProperties: true,
  description: 'What the device says of it.',
});
const data = closed({
  device: id('The device.'),
  kind: name('What happened, such as `EV_START_CHARGING`.'),
  at: instant('When.'),
  details,
});

export const occurrenceEvents = eventTypes({
  OccurrenceRecorded: {
    about: 'Something happened at a device.',
    data: data,
    example: {
      device: '4b0d3a52-7ad4-5c1b-9f1e-7f2b6a1e8c90',
      kind: 'EV_END_CHARGING',
      at: '2026-05-04T11:00:00.000Z',
      details: { duration: 5400000, energy: 8100000 },
    },
  },
});

export type OccurrenceEvent = EventOf<typeof occurrenceEvents>;
