import { type Static, Type } from 'typebox';

import { closed } from '#kernel/schema.js';

import { limitsSchema } from '../program/limits.js';
import type { Program } from '../program/program.js';

// What the server sends to a computational unit, and what the unit does with it. A unit answers every
// instruction once it is done or refused (see `messages.ts`), and one that it has answered with the same answer.

const id = (description: string) => Type.String({ minLength: 1, maxLength: 64, description });
const instruction = id('Names the instruction; the answer bears it.');
const station = id('The station that it is for.');
const experiment = id('The experiment that it is for.');
const reason = Type.Optional(
  Type.String({ maxLength: 1_000, description: 'Why, for the record.' }),
);

/** First of an experiment: the unit says whether it can watch over these limits, and with which devices. */
export const confirmLimitsSchema = closed({
  ...{ instruction, station, experiment, kind: Type.Literal('confirm-limits') },
  devices: Type.Array(id('A serial number.'), {
    maxItems: 50,
    description: 'The devices of the station. A unit finds by them which of its outputs is meant.',
  }),
  limits: limitsSchema,
  persistenceS: Type.Optional(
    Type.Number({
      ...{ minimum: 0, maximum: 60 },
      description:
        'Seconds for which a limit must be broken before the output is off; 0.1 if absent.',
    }),
  ),
});

/** The whole program, with every set point as it is; the unit executes it by itself from here on. */
export const startSchema = closed({
  ...{ instruction, station, experiment, kind: Type.Literal('start') },
  program: Type.Unsafe<Program>({ type: 'object', description: 'The program; see profiles.' }),
  nominalCapacityAh: Type.Number({
    exclusiveMinimum: 0,
    description: 'What C-rates relate to, Ah.',
  }),
  measuredCapacityAh: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Ah.' })),
});

/** Goes on after a pause, a reset trip, a lost lease or a loss of power, with the step that was broken off. */
export const resumeSchema = closed({
  ...{ instruction, station, experiment, kind: Type.Literal('resume'), reason },
  at: Type.Optional(
    closed({
      stepCount: Type.Integer({
        minimum: 1,
        description: 'The executed step that was broken off.',
      }),
      stepTimeS: Type.Number({
        minimum: 0,
        description:
          'Seconds of it that are done, as the unit has said. One that knows of more goes on from that.',
      }),
      chargeAh: Type.Number({ minimum: 0, description: 'Ah that were charged in it.' }),
      dischargeAh: Type.Number({ minimum: 0, description: 'Ah that were discharged.' }),
    }),
  ),
  measuredCapacityAh: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      description: 'The newest that a step of the experiment has measured, Ah.',
    }),
  ),
});

/**
 * `pause`: output off until it resumes. `stop`: ends the experiment. `output-off`: output off and latched like a
 * trip; done in every state. `reset-trip`: ends a latch, if nothing is beyond its limits.
 */
export const plainInstructionSchema = closed({
  ...{ instruction, station, reason },
  experiment: Type.Optional(experiment),
  kind: Type.Unsafe<'pause' | 'stop' | 'output-off' | 'reset-trip'>({
    type: 'string',
    enum: ['pause', 'stop', 'output-off', 'reset-trip'],
  }),
});

/** Asks which devices are connected. The answer bears the request, and may be an empty list. */
export const detectSchema = closed({
  instruction,
  kind: Type.Literal('detect'),
  requestId: id('Names the request.'),
});

export const stationInstructionSchema = Type.Union([
  confirmLimitsSchema,
  startSchema,
  resumeSchema,
  plainInstructionSchema,
]);
export const instructionSchema = Type.Union([stationInstructionSchema, detectSchema]);

/** Asks for messages of a session again, as every device of the link is asked. */
export const resendSchema = closed({
  type: Type.Literal('resend'),
  session: id('The session.'),
  from: Type.Integer({ minimum: 0, description: 'First number that is missed.' }),
  to: Type.Integer({ minimum: 0, description: 'Last number that is missed.' }),
});

/**
 * Renews the lease of a unit. It is true for at most the time that the unit is configured with, whatever it says;
 * one whose time is over, such as one that waited for the unit to connect, is none.
 */
export const leaseSchema = closed({
  untilS: Type.Number({ description: 'UTC, seconds since 1970, until which the unit may act.' }),
});

export type StationInstruction = Static<typeof stationInstructionSchema>;
export type Instruction = Static<typeof instructionSchema>;
export type ConfirmLimits = Static<typeof confirmLimitsSchema>;
export type Start = Static<typeof startSchema>;
export type Resume = Static<typeof resumeSchema>;
export type Resend = Static<typeof resendSchema>;
export type Lease = Static<typeof leaseSchema>;
