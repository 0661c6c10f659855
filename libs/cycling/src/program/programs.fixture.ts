import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  record,
  tuple,
} from 'fast-check';

import { unsuitable } from './ends.js';
import { type End, endsOf, type Program, type ProgramNode, type Step } from './program.js';

const amount = oneof(
  double({ min: 1e-6, max: 1e4, noNaN: true }),
  integer({ min: 1, max: 10_000 }).map((many) => many / 1_000),
  integer({ min: 1, max: 100 }),
  integer({ min: 1, max: 100 }).map((part) => 1 / part),
);
const capacity = constantFrom({}, { of: 'nominal' as const }, { of: 'measured' as const });
const rate = oneof(
  amount.map((currentA) => ({ currentA })),
  tuple(
    amount.map((value) => Math.min(value, 1_000)),
    capacity,
  ).map(([cRate, of]) => ({ cRate, ...of })),
);
const is = constantFrom({}, { is: 'atLeast' as const }, { is: 'atMost' as const });
const endings: Arbitrary<End> = oneof(
  amount.map((timeS) => ({ timeS })),
  tuple(
    oneof(
      amount,
      amount.map((value) => -value),
    ),
    is,
  ).map(([voltageV, way]) => ({ voltageV, ...way })),
  tuple(rate, is).map(([current, way]) => ({ ...current, ...way })),
  tuple(amount, is).map(([powerW, way]) => ({ powerW, ...way })),
  amount.map((capacityAh) => ({ capacityAh })),
  amount.map((energyWh) => ({ energyWh })),
  tuple(integer({ min: -100, max: 300 }), is).map(([temperatureC, way]) => ({
    temperatureC,
    ...way,
  })),
  integer({ min: 1, max: 100 }).map((millivolts) => ({ deltaVoltageV: millivolts / 1_000 })),
);
const turned = (current: { currentA?: number; cRate?: number }, sign: number) =>
  Object.fromEntries(
    Object.entries(current).map(([name, value]) => [
      name,
      typeof value === 'number' ? value * sign : value,
    ]),
  );
const sign = constantFrom(1, -1);
const heldValues = oneof<Arbitrary<object>[]>(
  constant({ do: 'rest' }),
  tuple(rate, sign).map(([current, way]) => ({ do: 'cc', ...turned(current, way) })),
  amount.map((voltageV) => ({ do: 'cv', voltageV })),
  tuple(rate, sign, amount).map(([current, way, voltageV]) => ({
    do: 'cccv',
    ...turned(current, way),
    voltageV,
  })),
  tuple(amount, sign).map(([power, way]) => ({ do: 'cp', powerW: power * way })),
  amount.map((resistanceOhm) => ({ do: 'cr', resistanceOhm })),
);
const options = oneof<Arbitrary<object>[]>(
  constant({}),
  constant({ measures: 'capacity' }),
  record(
    {
      everyS: integer({ min: 1, max: 3_600_000 }).map((ms) => ms / 1_000),
      dV: amount.map((value) => Math.min(value, 1_000)),
      dA: amount,
    },
    { requiredKeys: ['everyS'] },
  ).map((rule) => ({ record: rule })),
);
const steps = tuple(heldValues, array(endings, { minLength: 1, maxLength: 4 }), options)
  .map(([held, until, others]) => {
    const step = { ...held, until, ...others } as Step;
    return { ...step, until: until.filter((end) => unsuitable(step, end) === undefined) };
  })
  .filter((step) => endsOf(step).length > 0);
const nodes = (depth: number): Arbitrary<ProgramNode[]> => {
  const loop = (inner: Arbitrary<ProgramNode[]>) =>
    tuple(inner, integer({ min: 1, max: 9 }), constantFrom({}, { cycle: true as const })).map(
      ([list, times, cycle]): ProgramNode => ({ loop: list, times, ...cycle }),
    );
  const node = depth === 0 ? steps : oneof(steps, loop(nodes(depth - 1)));
  return array<ProgramNode>(node, { minLength: 1, maxLength: 4 });
};
/** Programs that sentences can say. */
export const programs: Arbitrary<Program> = nodes(2).map((list) => ({ steps: list }));
