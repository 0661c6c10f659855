import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, id, instant, name, orNull } from '#kernel/schema.js';

import { cyclerDeviceTypes } from '../device/events.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const unitCategory = 'unit';
/** The id of a unit is that of the device by which it connects. */
export const unitStream = (unit: string): string => `${unitCategory}-${unit}`;

const unitName = name('What the lab calls it; unique among units.');
const requestId = id('Names the request, in its answer too.');

export const unitEvents = eventTypes({
  UnitRegistered: {
    about:
      'A computer of the lab, which connects as a device, runs programs on the devices at its links.',
    data: closed({ name: unitName }),
    example: { name: 'bench-pi-3' },
  },
  UnitRenamed: {
    about: 'The lab calls the unit something else.',
    data: closed({ name: unitName }),
    example: { name: 'bench-pi-4' },
  },
  DetectionRequested: {
    about: 'The unit is to say which devices hang on its links.',
    data: closed({ requestId }),
    example: { requestId: 'c0b4c6a4-36d7-5f0e-9a5c-3b5f6f0a7d21' },
  },
  DevicesDetected: {
    about: 'The unit said which devices hang on its links; none is an answer too.',
    data: closed({
      requestId,
      at: instant('When it looked.'),
      devices: Type.Array(
        closed({
          type: choice(cyclerDeviceTypes, 'What it does.'),
          manufacturer: name('Who made it.'),
          model: name('Its model.'),
          serialNumber: name('As it says itself.'),
          firmware: orNull(name('Version of its firmware, where it says one.')),
          linkName: name('The link of the unit that it hangs on.'),
        }),
      ),
    }),
    example: {
      requestId: 'c0b4c6a4-36d7-5f0e-9a5c-3b5f6f0a7d21',
      at: '2026-03-01T08:00:00.000Z',
      devices: [
        {
          type: 'cycler',
          ...{ manufacturer: 'WattRex', model: 'EPC A', serialNumber: '1042' },
          ...{ firmware: '2.2', linkName: 'can0/19' },
        },
      ],
    },
  },
  UnitRetired: {
    about: 'The unit is not used any more; what ran on it stays.',
    data: closed({}),
    example: {},
  },
});

export type UnitEvent = EventOf<typeof unitEvents>;
