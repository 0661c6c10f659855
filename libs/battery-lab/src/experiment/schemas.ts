import { Type } from 'typebox';

import { closed, orNull } from '#kernel/schema.js';

// Parts of the schemas of the events of an experiment.

/** Both ends belong to it. */
export const range = (unit: string, description: string) =>
  Type.Unsafe<{ readonly min: number; readonly max: number }>({
    ...closed({
      min: Type.Number({ description: `Smallest, in ${unit}.` }),
      max: Type.Number({ description: `Largest, in ${unit}.` }),
    }),
    description,
  });

/** Where in the program and in the test. */
export const stepPlace = {
  stepCount: Type.Integer({ minimum: 1, description: 'Counts the executed steps.' }),
  stepId: Type.Integer({ minimum: 1, description: 'Step of the program, in its order there.' }),
  cycle: Type.Integer({ minimum: 0, description: 'Index of the cycle.' }),
  testTimeS: Type.Number({ minimum: 0, description: 'Seconds since the start, by the unit.' }),
} as const;

/** What the step has done until now. */
export const progress = {
  elapsedS: Type.Number({ minimum: 0, description: 'Seconds of the step.' }),
  chargeAh: Type.Number({ minimum: 0, description: 'Charged in the step, in Ah.' }),
  dischargeAh: Type.Number({ minimum: 0, description: 'Discharged in the step, in Ah.' }),
} as const;

/** What must never be left while the output is on, whatever the program says. */
export const safetyLimits = closed({
  voltageV: range('V', 'Voltage of the battery.'),
  currentA: range('A', 'Positive charges.'),
  temperatureC: orNull(range('degC', 'Temperature of the battery; null: it is not measured.')),
  persistenceS: Type.Number({
    minimum: 0,
    description: 'A limit may be exceeded for so many seconds.',
  }),
});
