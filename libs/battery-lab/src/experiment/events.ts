import { Type } from 'typebox';

import { type DeepReadonly, type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, date, id, instant, name, orNull, text } from '#kernel/schema.js';

import { importEvents } from '../import/events.js';
import { electrolyteSchema } from './electrolytes.js';
import { lastMeasured, progress, safetyLimits, stepPlace } from './schemas.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const experimentCategory = 'experiment';
export const experimentStream = (id: string): string => `${experimentCategory}-${id}`;

export const causes = [
  'time',
  'voltage',
  'current',
  'power',
  'capacity',
  'energy',
  'temperature',
  'deltaVoltage',
  'stop',
  'operator',
  'trip',
  'refused',
  'lost',
] as const;

export const instructionKinds = [
  'confirm-limits',
  'start',
  'pause',
  'resume',
  'output-off',
  'reset-trip',
  'stop',
] as const;
export type InstructionKind = (typeof instructionKinds)[number];

export const interruptions = ['powerLoss', 'lost', 'refused', 'tripReset'] as const;

export type SafetyLimits = DeepReadonly<Type.Static<typeof safetyLimits>>;

const theInstruction = { instruction: id('The instruction.') };
const [instruction, at] = ['7d0a4f6e-2d49-5a3b-9f1f-64cf5f2f4a10', '2026-05-04T11:00:00.000Z'];
const exampleLimits = {
  voltageV: { min: 2.4, max: 4.25 },
  currentA: { min: -5.2, max: 2.6 },
  temperatureC: { min: 0, max: 55 },
  persistenceS: 0.5,
};
const exampleProgram = { steps: [{ do: 'rest', until: [{ timeS: 60 }] }] };

export const experimentEvents = eventTypes({
  ExperimentQueued: {
    about:
      'An experiment is to run: this battery, on this station, by this version of a profile, within these limits.',
    data: closed({
      name: name('For people.'),
      description: orNull(text('What it is for.')),
      batteryId: id('The battery.'),
      stationId: id('The station.'),
      unitId: name('The computational unit of the station.'),
      profileId: id('The profile.'),
      profileVersion: Type.Integer({ minimum: 1, description: 'Version of the profile.' }),
      profileHash: text('SHA-256 of the program, in hexadecimal.'),
      program: Type.Unsafe<object>({
        type: 'object',
        description: 'The program, with every set point in A, V, W and ohm.',
      }),
      nominalCapacityAh: Type.Number({ exclusiveMinimum: 0, description: 'Of the battery.' }),
      limits: safetyLimits,
      electrolytes: Type.Optional(
        Type.Array(electrolyteSchema, { description: 'Of a redox flow battery.' }),
      ),
    }),
    example: {
      name: 'Formation of cell 17',
      description: null,
      batteryId: '3a8f1f36-5b0e-5a35-8c6b-7f6b5b6f9b01',
      stationId: '5f2a3f0e-9a93-5f5c-8a43-1f0a3a0f7c55',
      unitId: 'unit-7',
      profileId: '9c3f2f51-96e2-5a77-9b5f-0d1c1e2f3a44',
      profileVersion: 1,
      profileHash: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      program: exampleProgram,
      nominalCapacityAh: 2.6,
      limits: exampleLimits,
    },
  },
  ExperimentCancelled: {
    about: 'The experiment will not run: it was taken back before its turn.',
    data: closed({}),
    example: {},
  },
  ExperimentAssigned: {
    about: 'It is the turn of the experiment: station and battery are its own.',
    data: closed({
      devices: Type.Array(
        closed({
          deviceId: id('A device.'),
          serialNumber: name('By which the unit knows it.'),
        }),
        { description: 'Devices of the station.' },
      ),
      stationConfiguration: Type.Optional(
        Type.Integer({ minimum: 1, description: 'Which configuration of its station it runs on.' }),
      ),
      calibratedUntil: orNull(
        date('Last day on which the calibrations of all devices count; null: none has one.'),
      ),
    }),
    example: {
      devices: [{ deviceId: 'f7d1a7c3-2d3a-5d0b-8f8a-4c0f3a2b1c66', serialNumber: 'SIM-1' }],
      stationConfiguration: 1,
      calibratedUntil: '2027-02-10',
    },
  },
  ExperimentHeld: {
    about:
      'The station cannot take this experiment now, nor any other: its queue is held until it can.',
    data: closed({ reason: text('What stands in the way.'), at: instant('Time of the server.') }),
    example: { reason: 'the station is tripped, not idle', at },
  },
  InstructionIssued: {
    about: 'The unit is to do this: it is sent to it as soon as it can be.',
    data: closed({
      ...theInstruction,
      kind: choice(instructionKinds, 'What.'),
      unitId: name('The unit.'),
      issuedAt: instant('Time of the server.'),
    }),
    example: { instruction, kind: 'output-off', unitId: 'unit-7', issuedAt: at },
  },
  InstructionRepeated: {
    about: 'The unit has not answered: it is sent the same instruction again.',
    data: closed({
      ...theInstruction,
      attempt: Type.Integer({ minimum: 2, description: 'How often it is sent.' }),
      issuedAt: instant('Time of the server.'),
    }),
    example: { instruction, attempt: 2, issuedAt: at },
  },
  InstructionSent: {
    ...{ about: 'The instruction is with the broker.', data: closed(theInstruction) },
    example: { instruction },
  },
  InstructionAcknowledged: {
    about: 'The unit has done it.',
    data: closed(theInstruction),
    example: { instruction },
  },
  InstructionRefused: {
    about: 'The unit does not do it.',
    data: closed({ ...theInstruction, reason: text('Why, by the unit.') }),
    example: { instruction, reason: 'the station is occupied' },
  },
  InstructionTimedOut: {
    about: 'The unit has not answered in time, however often it was sent.',
    data: closed(theInstruction),
    example: { instruction },
  },
  LimitsConfirmed: {
    about: 'The unit holds these limits by itself from now on.',
    data: closed({ limits: safetyLimits }),
    example: { limits: exampleLimits },
  },
  ExperimentStarted: {
    about: 'The unit runs the program.',
    data: closed({ at: instant('By the clock of the unit.') }),
    example: { at },
  },
  StepStarted: {
    about: 'The unit has begun a step.',
    data: closed({ ...stepPlace, at: instant('By the clock of the unit.') }),
    example: { stepCount: 1, stepId: 1, cycle: 1, testTimeS: 0, at },
  },
  StepEnded: {
    about: 'The unit has ended a step, and why.',
    data: closed({
      ...stepPlace,
      at: instant('By the clock of the unit.'),
      cause: choice(causes, 'Why.'),
      ...progress,
      last: lastMeasured,
    }),
    example: {
      ...{ stepCount: 1, stepId: 1, cycle: 1, testTimeS: 60, at },
      ...{ cause: 'time', elapsedS: 60, chargeAh: 0, dischargeAh: 0 },
      last: {
        ...{ voltageV: 3.6, currentA: 0, powerW: 0, capacityAh: 0, energyWh: 0 },
        ...{ temperatureC: null, deltaVoltageV: 0 },
      },
    },
  },
  ExperimentPaused: {
    about:
      'The unit has stopped in the middle of a step, with its output off, until it is told to go on.',
    data: closed({ at: instant('By the clock of the unit.') }),
    example: { at },
  },
  ExperimentInterrupted: {
    about:
      'The program has stopped where nobody wanted it to: it goes on when an operator says so.',
    data: closed({
      cause: choice(interruptions, 'What has interrupted it.'),
      at: instant('By the clock of who noticed it.'),
      ...progress,
      gapS: Type.Optional(
        Type.Number({
          minimum: 0,
          description: 'Seconds without power, by the clock of the unit.',
        }),
      ),
    }),
    example: { cause: 'powerLoss', at, elapsedS: 30, chargeAh: 0.01, dischargeAh: 0 },
  },
  ResumeRequested: {
    about: 'An operator wants the program to go on where it has stopped.',
    data: closed({}),
    example: {},
  },
  ExperimentResumed: {
    about: 'The unit goes on with the step where it had stopped.',
    data: closed({ at: instant('By the clock of the unit.') }),
    example: { at },
  },
  SafetyTripped: {
    about:
      'A limit or an interlock has ended what the unit was doing, until an operator resets it.',
    data: closed({
      by: choice(['unit', 'server'], 'Who noticed it.'),
      interlock: text('Which: a limit, or what is watched.'),
      message: text('What was measured and what was expected, for people.'),
      at: instant('By the clock of who noticed it.'),
      ...progress,
      isOutputOn: Type.Optional(
        Type.Boolean({ description: 'The output was found on where it was taken to be off.' }),
      ),
    }),
    example: {
      ...{ by: 'unit', interlock: 'voltage', message: 'the voltage was 4.31 V', at },
      ...{ elapsedS: 30, chargeAh: 0.01, dischargeAh: 0 },
    },
  },
  UnitReleased: {
    about: 'The unit has left the experiment: its station is free for another one.',
    data: closed({ by: choice(['unit', 'operator'], 'Who says so.') }),
    example: { by: 'unit' },
  },
  OutputOffConfirmed: {
    about: 'The output is off.',
    data: closed({
      by: choice(['unit', 'operator'], 'Who says so.'),
      testTimeS: orNull(
        Type.Number({ minimum: 0, description: 'Seconds since the start, by the unit.' }),
      ),
      at: Type.Optional(instant('By the clock of who says so.')),
      progress: Type.Optional(closed(progress)),
    }),
    example: { by: 'unit', testTimeS: 61.5 },
  },
  TripReset: {
    about: 'The unit may go on: an operator has reset the trip.',
    data: closed({}),
    example: {},
  },
  ExperimentEnding: {
    about: 'The experiment will not go on. It ends when its output is off.',
    data: closed({ as: choice(['aborted', 'failed'], 'How.'), message: orNull(text('Why.')) }),
    example: { as: 'failed', message: 'the unit does not confirm the limits' },
  },
  ExperimentAborted: {
    about: 'The experiment was ended by a person before its end.',
    data: closed({}),
    example: {},
  },
  ExperimentFailed: {
    about: 'The experiment could not be run to its end.',
    data: closed({ message: text('Why.') }),
    example: { message: 'the unit does not confirm the limits' },
  },
  ExperimentCompleted: {
    about: 'The program has run to its end.',
    data: closed({
      at: instant('By the clock of the unit.'),
      testTimeS: Type.Number({ minimum: 0, description: 'Seconds since the start.' }),
    }),
    example: { at, testTimeS: 60 },
  },
  ...importEvents,
});

export type ExperimentEvent = EventOf<typeof experimentEvents>;
export type EventData<T extends ExperimentEvent['type']> = Extract<
  ExperimentEvent,
  { type: T }
>['data'];
