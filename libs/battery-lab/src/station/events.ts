import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, instant, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const stationCategory = 'station';
export const stationStream = (station: string): string => `${stationCategory}-${station}`;

/** `power`: charges and discharges; `source`: charges; `load`: discharges; `measurement`: measures. */
export const deviceRoles = ['power', 'source', 'load', 'measurement'] as const;

const at = instant('From when on it is so.');
const configuration = {
  location: text('Where it stands; empty where nobody said.'),
  unitId: id('The unit that runs programs on its devices.'),
  devices: Type.Array(
    closed({
      deviceId: id('Device of the lab.'),
      role: choice(deviceRoles, 'What it does at the station.'),
    }),
    { minItems: 1, description: 'Each once; a device is at one station at a time.' },
  ),
  measures: Type.Array(
    closed({
      name: name('Unique within the station.'),
      deviceId: id('Device of the station that measures it.'),
      channel: name('What the device calls it.'),
      unit: orNull(name('Of its values; null where they have none.')),
    }),
    { description: 'What is recorded besides voltage and current.' },
  ),
  at,
};

const device = '2f0c6c3e-9f4b-5d0e-8a55-6a1b2c3d4e5f';
const example = {
  location: 'Room 2, climate chamber 1',
  unitId: '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10',
  devices: [{ deviceId: device, role: 'power' }],
  measures: [{ name: 'temp_body', deviceId: device, channel: 'temp_body', unit: 'degC' }],
  at: '2026-03-01T08:00:00.000Z',
} as const;

export const stationEvents = eventTypes({
  StationRegistered: {
    about: 'There is a place at which one battery at a time is tested.',
    data: closed({ name: name('Unique among stations in use.'), ...configuration }),
    example: { name: 'station 4', ...example },
  },
  StationReconfigured: {
    about: 'The station consists of something else; what it consisted of before stays known.',
    data: closed(configuration),
    example: { ...example, measures: [], at: '2026-04-01T08:00:00.000Z' },
  },
  StationRetired: {
    about: 'The station is not used any more; what ran on it stays. Its devices are free.',
    data: closed({ at }),
    example: { at: '2026-09-01T08:00:00.000Z' },
  },
});

export type StationEvent = EventOf<typeof stationEvents>;
