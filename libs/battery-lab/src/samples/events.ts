import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id, instant, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const cyclerSamplesCategory = 'cyclerSamples';

/** The stream of one experiment and UTC day, such as `<uuid>.20260504`. */
export const cyclerSamplesIdOf = (experimentId: string, at: string): string =>
  `${experimentId}.${at.slice(0, 10).replaceAll('-', '')}`;
/** The experiment of such a stream. */
export const experimentOfSamples = (stream: string): string =>
  stream.slice(cyclerSamplesCategory.length + 1, stream.lastIndexOf('.'));
export const cyclerSamplesStream = (id: string): string => `${cyclerSamplesCategory}-${id}`;

const numbers = (description: string) => Type.Array(Type.Number(), { description });
const counts = (description: string) => Type.Array(Type.Integer({ minimum: 0 }), { description });
/** A column that a record may lack a value in, and an experiment as a whole. */
const known = (description: string) =>
  Type.Optional(Type.Array(orNull(Type.Number()), { description }));

/** Columns of the same length: a value for each record, in the order of the test time. */
export const recordColumns = {
  testTimeS: numbers('Seconds since the start of the test, by the unit. They never go back.'),
  stepCount: counts('Counts the executed steps; never resets.'),
  stepId: counts('Step of the program.'),
  cycle: counts('Index of the cycle.'),
  voltageV: numbers('Volts.'),
  currentA: numbers('Amperes; positive charges.'),
  temperatureC: known('Degrees Celsius; absent or null where it was not measured.'),
  stepTimeS: known('Seconds since the step began, where the cycler counts them.'),
  chargeAh: known(
    "The cycler's own counter of charge, in Ah: it may start again at any time, or never.",
  ),
  dischargeAh: known("The cycler's own counter of discharge, in Ah; it counts upwards."),
  channels: Type.Unsafe<Readonly<Record<string, readonly number[]>>>({
    type: 'object',
    description: 'Further measures by their names, which end in the unit: `cell3V`.',
    additionalProperties: { type: 'array', items: { type: 'number' } },
  }),
} as const;

export const cyclerSamplesEvents = eventTypes({
  CyclerSamplesRecorded: {
    about: 'What a cycler recorded of a battery under test, in the order of the test time.',
    data: closed({
      experimentId: id('The experiment.'),
      from: instant('UTC of the first record, by the clock of the unit.'),
      to: instant('UTC of the last record.'),
      count: Type.Integer({ minimum: 1, description: 'Records.' }),
      ...recordColumns,
      hash: text('SHA-256 of the columns as JSON, in hexadecimal.'),
      seen: Type.Array(text('Beginning of a hash.'), {
        description:
          'The newest chunks of the stream, its own among them: what repetitions are known by.',
      }),
    }),
    example: {
      experimentId: '0f9e7c1a-56a0-5a64-8c0b-3d9f2b6f8d11',
      from: '2026-05-04T11:00:00.000Z',
      to: '2026-05-04T11:00:10.000Z',
      count: 2,
      ...{ testTimeS: [0, 10], stepCount: [1, 1], stepId: [1, 1], cycle: [1, 1] },
      ...{ voltageV: [3.6, 3.61], currentA: [1.3, 1.3], temperatureC: [25, 25.1] },
      channels: { cell1V: [1.8, 1.8] },
      hash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      seen: ['2c26b46b68ffc68f'],
    },
  },
});

export type CyclerSamplesEvent = EventOf<typeof cyclerSamplesEvents>;
export type CyclerSamplesRecorded = CyclerSamplesEvent['data'];
/** The records of a chunk, without what is derived from them. */
export type RecordColumns = Pick<CyclerSamplesRecorded, keyof typeof recordColumns>;
