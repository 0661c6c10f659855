import { type Static, Type } from 'typebox';

import { choice, closed } from '#kernel/schema.js';

import type { Cause } from '../program/ends.js';

// What a computational unit sends, as the bodies of its messages. Positive current charges.

/** Names hold no control characters, and no text holds a NUL or half of a character: nobody could keep or show them. */
const inName = '[^\\p{Cc}\\p{Cs}]';
const ofName = { pattern: `^${inName}*$` };
const ofText = { pattern: '^[^\\u0000\\p{Cs}]*$' };
const id = (description: string) =>
  Type.String({ minLength: 1, maxLength: 64, ...ofName, description });
/** Beyond what anything measures, and small enough to be multiplied and summed. */
const largest = 1e100;
const value = { minimum: -largest, maximum: largest };
const number = (description: string) => Type.Number({ ...value, description });
const amount = (description: string) => Type.Number({ minimum: 0, maximum: largest, description });
const numbers = (description: string) =>
  Type.Array(Type.Number(value), { maxItems: 1_000, description });
/** About 31 years: what is more is a mistake, and no time at all by a calendar of four digits. */
export const maxTestTimeS = 1e9;
const seconds = (description?: string) =>
  Type.Number({
    minimum: 0,
    maximum: maxTestTimeS,
    ...(description !== undefined && { description }),
  });
const counted = { minimum: 0, maximum: 1e9 };
const count = (description: string) => Type.Integer({ ...counted, description });
const integers = (description: string) =>
  Type.Array(Type.Integer(counted), { maxItems: 1_000, description });
const utc = (description: string) => Type.String({ format: 'date-time', description });

/** Real seconds after which a unit that runs sends a record, though its program wants none: else it would be taken to be lost. */
export const maxSilenceS = 10;

/** On `birth`, retained: the first message of a session. Further members are kept as text. */
export const birthSchema = Type.Object(
  {
    type: Type.Literal('cycler-unit'),
    protocol: Type.Literal(1, { description: 'Version of this protocol.' }),
    firmware: Type.String({ minLength: 1, maxLength: 100, description: 'What the unit runs.' }),
  },
  { maxProperties: 100 },
);

/** On `state`, retained: after each further connection, and as the last will, which says offline. */
export const stateSchema = closed({ state: choice(['online', 'offline'], 'Which.') });

/** On `samples`: columns of one length, of one experiment. */
export const cyclerSamplesSchema = closed({
  experiment: id('The experiment.'),
  station: id('The station.'),
  t0: utc('UTC of the first row; those of the others are as much later as their test times.'),
  testTimeS: Type.Array(seconds(), {
    maxItems: 1_000,
    description: 'Seconds since the experiment began, by a counter that never goes back.',
  }),
  stepCount: integers('Executed steps: never goes back.'),
  stepId: integers('Steps of the program, from 1 in the order in which they are written.'),
  cycle: integers('Cycles.'),
  voltageV: numbers('V.'),
  currentA: numbers('A; positive charges.'),
  temperatureC: Type.Array(Type.Union([Type.Number(value), Type.Null()]), {
    maxItems: 1_000,
    description: '°C; null where it is not measured.',
  }),
  channels: Type.Optional(
    Type.Record(Type.String({ pattern: `^${inName}{1,100}$` }), numbers('Values.'), {
      ...{ additionalProperties: false, maxProperties: 1_000 },
      description: 'Further measures by their names, which end in the unit: `cell3V`.',
    }),
  ),
});

export const stepEvents = [
  'started',
  'ended',
  'paused',
  'resumed',
  'tripped',
  'safe',
  'interrupted',
  'stopped',
  'completed',
] as const;

const causes = [
  ...['time', 'voltage', 'current', 'power', 'capacity', 'energy', 'temperature', 'deltaVoltage'],
  ...['stop', 'operator', 'trip', 'refused', 'lost'],
] as const satisfies readonly Cause[];

/** Why a station switched its output off and latched. */
export const tripSchema = closed({
  reason: choice(
    ['limit', 'sensor', 'device', 'instruction'],
    'A limit is broken, a sensor says the same all the time, the device itself, or the server said so.',
  ),
  quantity: Type.Optional(
    choice(['voltageV', 'currentA', 'powerW', 'temperatureC'], 'Of what, for a limit or a sensor.'),
  ),
  bound: Type.Optional(choice(['min', 'max'], 'Which limit.')),
  limit: Type.Optional(number('The limit, in the unit of the quantity.')),
  value: Type.Optional(number('What was measured.')),
});

/**
 * On `steps`: what happened in an experiment. A step that is broken off (paused, tripped, safe, interrupted) is not
 * ended: the program stays at it, with its count, and goes on with it when it is resumed.
 */
export const stepMessageSchema = closed({
  experiment: id('The experiment.'),
  station: id('The station.'),
  what: choice(stepEvents, 'What happened.'),
  stepCount: count('The executed step.'),
  stepId: count('The step of the program.'),
  cycle: count('The cycle.'),
  testTimeS: seconds('Seconds since the experiment began; of `interrupted`: at its last record.'),
  at: utc('By the clock of the unit, when it says it.'),
  cause: Type.Optional(choice(causes, 'Why the step ended or was broken off.')),
  durationS: amount('Seconds that the step has lasted so far, without its interruptions.'),
  chargeAh: amount('What was charged in the step so far, Ah, as the unit counts.'),
  dischargeAh: amount('Ah.'),
  chargeWh: amount('Wh.'),
  dischargeWh: amount('Wh.'),
  voltageV: number('V, the last that was measured.'),
  currentA: number('A, the same: the witness that an output is off.'),
  temperatureC: Type.Union([Type.Number(value), Type.Null()], {
    description: '°C, the same; null where it is not measured.',
  }),
  trip: Type.Optional(tripSchema),
  gapS: Type.Optional(number('Of `interrupted`: seconds without power, by the clock of the unit.')),
  reason: Type.Optional(Type.String({ maxLength: 1_000, ...ofText, description: 'In words.' })),
});

/** On `acks`: the answer to an instruction. */
export const instructionAckSchema = closed({
  type: Type.Literal('instruction'),
  instruction: id('The instruction.'),
  experiment: Type.Optional(id('The experiment that the instruction was for, if any.')),
  status: choice(['done', 'refused'], 'Whether it is done.'),
  reason: Type.Optional(
    Type.String({ maxLength: 1_000, ...ofText, description: 'Of `refused`: why.' }),
  ),
  about: Type.Optional(
    choice(
      ['experiment', 'station'],
      'Of `refused`: what stands in the way, this experiment or the station, which would refuse every other one too. Absent: the station, unless its `state` is idle or ready or absent.',
    ),
  ),
  state: Type.Optional(
    choice(
      ['idle', 'ready', 'running', 'paused', 'tripped', 'safe', 'interrupted'],
      'The state of the station from then on.',
    ),
  ),
  /** The witness that an output is off. */
  currentA: Type.Optional(number('A, measured after it was done.')),
  at: utc('By the clock of the unit.'),
});

/** On `acks`: the answer to a request to detect devices. */
export const detectionSchema = closed({
  type: Type.Literal('detection'),
  instruction: id('The instruction.'),
  requestId: id('The request.'),
  devices: Type.Array(
    closed({
      serialNumber: id('Serial number.'),
      type: Type.String({
        maxLength: 40,
        ...ofName,
        description: 'Kind of device, such as cycler.',
      }),
      manufacturer: Type.String({ maxLength: 100, ...ofName }),
      model: Type.String({ maxLength: 100, ...ofName }),
      firmware: Type.String({ maxLength: 100, ...ofName }),
      linkName: Type.String({ maxLength: 100, ...ofName, description: 'Where it is connected.' }),
    }),
    { maxItems: 200 },
  ),
});

export type Birth = Static<typeof birthSchema>;
export type LinkState = Static<typeof stateSchema>;
export type CyclerSamplesMessage = Static<typeof cyclerSamplesSchema>;
export type StepMessage = Static<typeof stepMessageSchema>;
export type TripMessage = Static<typeof tripSchema>;
export type InstructionAck = Static<typeof instructionAckSchema>;
export type Detection = Static<typeof detectionSchema>;
export type RefusalAbout = NonNullable<InstructionAck['about']>;
export type StationState = NonNullable<InstructionAck['state']>;
