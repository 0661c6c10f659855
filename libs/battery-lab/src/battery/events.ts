import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, date, id, name, orNull, text } from '#kernel/schema.js';

import { limits, range } from '../ranges.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const batteryCategory = 'battery';
export const batteryStream = (battery: string): string => `${batteryCategory}-${battery}`;

/** Chemistries by technology; of a redox flow battery that of its electrolyte. */
export const chemistries = {
  lithium: ['NMC', 'NCA', 'LMO', 'LFP', 'LCO', 'other'],
  leadAcid: ['liquid', 'gel', 'other'],
  redoxFlow: ['allVanadium', 'allIron', 'vanadiumBased', 'ironBased', 'other'],
} as const;
export type Technology = keyof typeof chemistries;
export const technologies = Object.keys(chemistries) as readonly Technology[];

export const bipolarPlates = ['papyexMersen', 'compositeSchunk', 'graphite', 'other'] as const;
export const membranes = [
  ...['fumasepAnionic', 'fumasepCationic', 'nafion', 'vanadion', 'PEEK', 'other'],
] as const;
export const polarities = ['positive', 'negative'] as const;

const productId = orNull(id('Product of the registry that the battery is one of.'));
const batteryName = name('What the lab calls it.');

const redoxFlow = closed({
  electrodeAreaM2: Type.Number({ exclusiveMinimum: 0, description: 'Of one electrode, in m2.' }),
  electrode: orNull(name('What it is composed of.')),
  bipolarPlate: choice(bipolarPlates, 'Kind of the bipolar plates.'),
  membrane: choice(membranes, 'Kind of the membranes.'),
  electrolytes: Type.Array(
    closed({
      polarity: choice(polarities, 'Side that it flows on.'),
      volumeL: Type.Number({ exclusiveMinimum: 0, description: 'In L.' }),
      flowLPerMin: range('What the pumps may do, in L/min.'),
    }),
    { description: 'At most one for each polarity.' },
  ),
});

export const batteryEvents = eventTypes({
  BatteryRegistered: {
    about: 'The lab has a battery that can be tested.',
    data: closed({
      name: batteryName,
      description: text('What it is; empty where nobody said.'),
      manufacturer: name('Who made it.'),
      model: name('Its model, as its manufacturer calls it.'),
      serialNumber: name('As it stands on the battery; unique for manufacturer and model.'),
      manufacturedOn: orNull(date('Day on which it was made.')),
      technology: choice(technologies, 'Family of its chemistry.'),
      chemistry: name('One of those of the technology.'),
      redoxFlow: orNull(redoxFlow),
      nominalCapacityAh: Type.Number({ exclusiveMinimum: 0, description: 'In Ah.' }),
      activeMassG: Type.Optional(
        Type.Number({
          ...{ exclusiveMinimum: 0 },
          description:
            'Active material that specific capacities are about, in g; absent where nobody stated it.',
        }),
      ),
      cellsInSeries: Type.Integer({ minimum: 1 }),
      limits,
      productId,
    }),
    example: {
      ...{ name: 'aged cell 7', description: 'From the pack of car 12' },
      ...{ manufacturer: 'A123', model: 'ANR26650M1', serialNumber: 'K2-016' },
      ...{ manufacturedOn: '2024-05-02', technology: 'lithium', chemistry: 'LFP', redoxFlow: null },
      ...{ nominalCapacityAh: 2.3, cellsInSeries: 1 },
      limits: {
        voltageV: { min: 2, max: 3.6 },
        currentA: { min: -70, max: 10 },
        temperatureC: { min: -20, max: 60 },
      },
      productId: null,
    },
  },
  BatteryRenamed: {
    about: 'The lab calls the battery something else.',
    data: closed({ name: batteryName }),
    example: { name: 'aged cell 7b' },
  },
  BatteryLimitsRevised: {
    about: 'The battery may be driven within other ranges from now on.',
    data: closed({ limits }),
    example: {
      limits: {
        voltageV: { min: 2.5, max: 3.55 },
        currentA: { min: -20, max: 4 },
        temperatureC: { min: 0, max: 45 },
      },
    },
  },
  BatteryProductSet: {
    about: 'The battery is one of another product of the registry, or of none.',
    data: closed({ productId }),
    example: { productId: 'a3b7f7e2-55cb-5b6d-9f3e-0b7f3a1d2c44' },
  },
  BatteryRetired: {
    about: 'The battery is not tested any more; what was measured stays.',
    data: closed({}),
    example: {},
  },
});

export type BatteryEvent = EventOf<typeof batteryEvents>;
