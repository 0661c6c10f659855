import { type Static, type TProperties, Type } from 'typebox';

import { canonicalJson } from '#kernel/canonical-json.js';
import { choice, closed } from '#kernel/schema.js';

import { type Limits, limitsSchema } from './limits.js';

/** What a program may have. All of it fits in the body of one request and in one event. */
export const bounds = {
  /** Steps, loops and jumps, however deep. */
  nodes: 500,
  /** Loops within loops. */
  depth: 8,
  /** Of all drive cycles together. */
  points: 5_000,
  /** Passes of a loop, jumps of a goto. */
  times: 100_000,
  /** Steps that a run may execute. */
  executed: 1_000_000,
  ends: 10,
  stops: 10,
  /** Ten years. */
  timeS: 315_360_000,
} as const;

const number = (description: string, min: number, max: number) =>
  Type.Number({ minimum: min, maximum: max, description });
const positive = (description: string, max: number) =>
  Type.Number({ exclusiveMinimum: 0, maximum: max, description });
const notZero = (description: string, max: number) =>
  Type.Number({ minimum: -max, maximum: max, not: { const: 0 }, description });
const count = (description: string) =>
  Type.Integer({ minimum: 1, maximum: bounds.times, description });
const word = <const W extends readonly string[]>(words: W, description: string) =>
  Type.Optional(Type.Unsafe<W[number]>({ type: 'string', enum: words, description }));
const label = Type.String({ pattern: '^[A-Za-z][\\w-]{0,39}$', description: 'Where a goto goes.' });

const capacity = word(
  ['nominal', 'measured'],
  'The capacity that 1 C stands for; nominal if absent.',
);
const time = positive('Seconds.', bounds.timeS);
const is = word(
  ['atLeast', 'atMost'],
  'How it compares, where the step has no direction of its own.',
);

/** What a value is compared with. Currents, powers, capacities and energies are compared without their sign. */
const quantities = {
  voltageV: Type.Optional(number('Volts.', -10_000, 10_000)),
  currentA: Type.Optional(positive('Amperes, without a sign.', 100_000)),
  powerW: Type.Optional(positive('Watts, without a sign.', 10_000_000)),
  capacityAh: Type.Optional(positive('Ampere-hours moved within the step.', 1_000_000)),
  energyWh: Type.Optional(positive('Watt-hours moved within the step.', 100_000_000)),
  temperatureC: Type.Optional(number('Degrees Celsius.', -100, 300)),
};

/** An end condition: exactly one quantity. */
export const endSchema = closed({
  timeS: Type.Optional(time),
  ...quantities,
  cRate: Type.Optional(positive('A current as a multiple of the capacity per hour.', 1_000)),
  deltaVoltageV: Type.Optional(
    positive('Volts by which the voltage has fallen from its greatest in the step (-dV).', 1_000),
  ),
  of: capacity,
  is,
});

/** When a goto jumps: by the cause that ended the step before it, or by the last values of that step. */
export const whenSchema = closed({
  cause: word(
    ['time', 'voltage', 'current', 'power', 'capacity', 'energy', 'temperature', 'deltaVoltage'],
    'What ended the step before.',
  ),
  ...quantities,
  is,
});

/** When the whole test is complete: exactly one of them. */
export const stopSchema = closed({
  testTimeS: Type.Optional(time),
  cycles: Type.Optional(count('Cycles that are complete.')),
  capacityRetention: Type.Optional(
    positive('The last measured capacity as a part of the first one, or of the nominal one.', 1),
  ),
  of: word(['first', 'nominal'], 'The capacity that retention relates to; the first if absent.'),
  voltageV: limitsSchema.properties.voltageV,
  currentA: limitsSchema.properties.currentA,
  temperatureC: limitsSchema.properties.temperatureC,
});

export const recordSchema = closed({
  everyS: number('Seconds after which a record is taken.', 0.001, 3_600),
  dV: Type.Optional(positive('A record is taken when the voltage has changed by it, V.', 1_000)),
  dA: Type.Optional(positive('A record is taken when the current has changed by it, A.', 100_000)),
});

const current = {
  currentA: Type.Optional(notZero('Amperes; positive charges.', 100_000)),
  cRate: Type.Optional(notZero('Multiple of the capacity per hour; positive charges.', 1_000)),
  of: capacity,
};
const voltageV = positive('Volts that are held.', 10_000);

const stepOf = <D extends string, P extends TProperties>(kind: D, properties: P) =>
  closed({
    label: Type.Optional(label),
    do: Type.Literal(kind),
    ...properties,
    until: Type.Array(endSchema, { minItems: 1, maxItems: bounds.ends }),
    record: Type.Optional(recordSchema),
    limits: Type.Optional(limitsSchema),
    measures: word(
      ['capacity'],
      'The charge of the step is the capacity, if it ends on its cut-off.',
    ),
  });
const { until, ...ofDrive } = stepOf('drive', {
  quantity: choice(
    ['current', 'power', 'voltage'],
    'What the values are: amperes or watts, where positive charges, or volts that are held.',
  ),
  points: Type.Array(
    Type.Tuple([number('Seconds.', 0, bounds.timeS), number('Value.', -10_000_000, 10_000_000)]),
    { minItems: 2, maxItems: bounds.points, description: 'Times of the step and values.' },
  ),
  interpolation: word(
    ['hold', 'linear'],
    'Between two points: the value before, or the line between them; hold if absent.',
  ),
}).properties;

export const stepSchemas = {
  rest: stepOf('rest', {}),
  cc: stepOf('cc', current),
  cv: stepOf('cv', { voltageV }),
  cccv: stepOf('cccv', { ...current, voltageV }),
  cp: stepOf('cp', { powerW: notZero('Watts; positive charges.', 10_000_000) }),
  cr: stepOf('cr', { resistanceOhm: positive('Ohms; a resistance discharges.', 10_000_000) }),
  /** Ends with its last point at the latest. */
  drive: closed({ ...ofDrive, until: Type.Optional(until) }),
} as const;

/** What a loop holds has the shape of the program's steps. */
const nodes = Type.Array(Type.Object({}, { description: 'As steps.' }), {
  minItems: 1,
  maxItems: bounds.nodes,
});
export const loopSchema = closed({
  label: Type.Optional(label),
  loop: nodes,
  times: count('Passes; a group has one.'),
  cycle: Type.Optional(Type.Literal(true, { description: 'Each pass is a cycle.' })),
});
export const gotoSchema = closed({
  label: Type.Optional(label),
  goto: label,
  times: count('Jumps, before it is passed by and counts anew.'),
  when: Type.Optional(whenSchema),
});

export type End = Static<typeof endSchema>;
export type When = Static<typeof whenSchema>;
export type Stop = Static<typeof stopSchema>;
export type RecordRule = Static<typeof recordSchema>;
type StepSchemas = typeof stepSchemas;
export type StepOf<D extends keyof StepSchemas> = Static<StepSchemas[D]>;
export type Step = { [D in keyof StepSchemas]: StepOf<D> }[keyof StepSchemas];
export interface Loop extends Omit<Static<typeof loopSchema>, 'loop'> {
  readonly loop: readonly ProgramNode[];
}
export type Goto = Static<typeof gotoSchema>;
export type ProgramNode = Step | Loop | Goto;

export const programSchema = closed({
  steps: Type.Array(
    Type.Unsafe<ProgramNode>({
      anyOf: [...Object.values(stepSchemas), loopSchema, gotoSchema],
    }),
    { minItems: 1, maxItems: bounds.nodes },
  ),
  stop: Type.Optional(Type.Array(stopSchema, { maxItems: bounds.stops })),
  cycle: word(
    ['loop', 'charge', 'discharge'],
    'What begins the next cycle: a pass of a loop, a charge after a discharge, or a discharge after a charge.',
  ),
  record: Type.Optional(recordSchema),
  limits: Type.Optional(limitsSchema),
});

/** What a cycler is to do with a battery. Its JSON is the truth; texts are ways to write it. */
export interface Program {
  readonly steps: readonly ProgramNode[];
  readonly stop?: readonly Stop[];
  /** Absent: `loop` where a loop has more than one pass, else `charge`. */
  readonly cycle?: 'loop' | 'charge' | 'discharge';
  /** For steps without a rule of their own. */
  readonly record?: RecordRule;
  /** Safety limits of all steps, beside those of the battery and the devices. */
  readonly limits?: Limits;
}

export const isLoop = (node: ProgramNode): node is Loop => 'loop' in node;
export const isGoto = (node: ProgramNode): node is Goto => 'goto' in node;

/** The end conditions of a step, in their order. A drive cycle may have none beside its last point. */
export const endsOf = (step: Step): readonly End[] => step.until ?? [];

/** The program with each of its steps replaced, wherever they stand. */
export const mapSteps = (program: Program, replace: (step: Step) => Step): Program => {
  const replaced = (nodes: readonly ProgramNode[]): readonly ProgramNode[] =>
    nodes.map((node) => {
      if (isGoto(node)) return node;
      return isLoop(node) ? { ...node, loop: replaced(node.loop) } : replace(node);
    });
  return { ...program, steps: replaced(program.steps) };
};

/** All steps in the order in which they are written; the first one has the step id 1. */
export const stepsOf = (nodes: readonly ProgramNode[]): readonly Step[] =>
  nodes.flatMap((node) => {
    if (isGoto(node)) return [];
    return isLoop(node) ? stepsOf(node.loop) : [node];
  });

/**
 * What an experiment pins its program by: SHA-256, in hexadecimal, of the canonical JSON (RFC 8785). The digest
 * is given, since this library imports nothing of Node.
 */
export const programHash = (program: Program, sha256: (text: string) => string): string =>
  sha256(canonicalJson(program));
