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

/** What was measured last in a step. */
export const lastMeasured = closed({
  voltageV: Type.Number({ description: 'Volts.' }),
  currentA: Type.Number({ description: 'Amperes; positive charges.' }),
  powerW: Type.Number({ description: 'Watts; positive charges.' }),
  capacityAh: Type.Number({ description: 'Moved in the step; positive charges.' }),
  energyWh: Type.Number({ description: 'Moved in the step; positive charges.' }),
  temperatureC: orNull(Type.Number({ description: 'Degrees Celsius.' })),
  deltaVoltageV: Type.Number({
    minimum: 0,
    description: 'By how much the voltage has fallen from its greatest in the step.',
  }),
});

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
