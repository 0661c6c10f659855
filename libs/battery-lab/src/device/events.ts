import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, date, id, instant, name, orNull } from '#kernel/schema.js';

import { range } from '../ranges.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const cyclerDeviceCategory = 'cyclerDevice';
export const cyclerDeviceStream = (device: string): string => `${cyclerDeviceCategory}-${device}`;

/** `cycler`: a converter that charges and discharges and measures what it does. */
export const cyclerDeviceTypes = [
  ...['cycler', 'bidirectionalSource', 'source', 'load', 'meter', 'bms', 'flowMeter'],
] as const;
export const calibratedQuantities = ['voltage', 'current', 'power', 'temperature', 'flow'] as const;

const firmware = orNull(name('Version of its firmware, where it says one.'));
const at = instant('From when on it is so.');

export const cyclerDeviceEvents = eventTypes({
  CyclerDeviceRegistered: {
    about: 'The lab has a device that drives or measures batteries.',
    data: closed({
      type: choice(cyclerDeviceTypes, 'What it does.'),
      manufacturer: name('Who made it.'),
      model: name('Its model, as its manufacturer calls it.'),
      serialNumber: name('As it says itself; unique for manufacturer and model.'),
      firmware,
      ranges: orNull(
        closed({
          voltageV: orNull(range('In V.')),
          currentA: orNull(range('In A; negative: it discharges.')),
          powerW: orNull(range('In W; negative: it discharges.')),
        }),
      ),
    }),
    example: {
      ...{ type: 'cycler', manufacturer: 'WattRex', model: 'EPC A', serialNumber: '1042' },
      firmware: '2.1',
      ranges: { voltageV: { min: 0, max: 6 }, currentA: { min: -15, max: 15 }, powerW: null },
    },
  },
  CyclerDeviceSeen: {
    about:
      'A unit found the device at one of its links, at another one or with other firmware than before.',
    data: closed({
      unitId: id('The unit.'),
      linkName: name('The link of the unit that it hangs on.'),
      firmware,
      at,
    }),
    example: {
      ...{ unitId: '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10', linkName: 'can0/19', firmware: '2.2' },
      at: '2026-03-01T08:00:00.000Z',
    },
  },
  CyclerDeviceDetached: {
    about: 'The unit did not find the device any more.',
    data: closed({ unitId: id('The unit.'), at }),
    example: {
      ...{ unitId: '6d5c1c52-8b1e-5d5b-a0e4-5c7f4f3f1a10', at: '2026-05-01T08:00:00.000Z' },
    },
  },
  CyclerDeviceCalibrated: {
    about: 'The device was compared with a reference: its readings count until the day named.',
    data: closed({
      certificate: name('Number of the certificate.'),
      calibratedOn: date('Day of the comparison.'),
      validUntil: date('Last day on which its readings count.'),
      channels: Type.Array(
        closed({
          quantity: choice(calibratedQuantities, 'What the channel measures.'),
          factor: Type.Number({ description: 'What a reading is multiplied by.' }),
          offset: Type.Number({ description: 'What is added then, in the SI unit.' }),
        }),
        { description: 'What was found of each channel.' },
      ),
    }),
    example: {
      ...{ certificate: 'C-2026-0117', calibratedOn: '2026-02-11', validUntil: '2027-02-10' },
      channels: [{ quantity: 'voltage', factor: 1.0004, offset: -0.0012 }],
    },
  },
  CyclerDeviceRetired: {
    about: 'The device is not used any more; what it measured stays.',
    data: closed({}),
    example: {},
  },
});

export type CyclerDeviceEvent = EventOf<typeof cyclerDeviceEvents>;
