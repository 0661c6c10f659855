import { type Static, Type } from 'typebox';

import { closed } from '#kernel/schema.js';

const bound = (unit: string) =>
  Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9, description: unit }));
const range = (unit: string) => Type.Optional(closed({ min: bound(unit), max: bound(unit) }));

/** Ranges within which values must stay. Positive currents and powers charge: a least current is a discharge. */
export const limitsSchema = closed({
  voltageV: range('Volts.'),
  currentA: range('Amperes; positive charges.'),
  powerW: range('Watts; positive charges.'),
  temperatureC: range('Degrees Celsius.'),
});

export type Limits = Readonly<Static<typeof limitsSchema>>;
export type LimitedQuantity = keyof Limits;
export type Range = NonNullable<Limits[LimitedQuantity]>;

/** Values by the quantities that have limits; what is not measured is absent. */
export type Limited = Readonly<Partial<Record<LimitedQuantity, number>>>;

const quantities = Object.keys(limitsSchema.properties) as readonly LimitedQuantity[];

/** What keeps all of the limits. It may be empty: a minimum above its maximum. */
export const intersection = (...all: readonly (Limits | null | undefined)[]): Limits => {
  const entries = quantities.flatMap((quantity) => {
    const ranges = all.flatMap((limits) => limits?.[quantity] ?? []);
    const min = Math.max(...ranges.map((one) => one.min ?? -Infinity));
    const max = Math.min(...ranges.map((one) => one.max ?? Infinity));
    const range = {
      ...(Number.isFinite(min) && { min }),
      ...(Number.isFinite(max) && { max }),
    };
    return Object.keys(range).length === 0 ? [] : [[quantity, range] as const];
  });
  return Object.fromEntries(entries);
};

export interface Breach {
  readonly quantity: LimitedQuantity;
  readonly bound: 'min' | 'max';
  readonly limit: number;
  readonly value: number;
}

/** The first limit that a value does not keep. What is not measured keeps it; a value that is no number does not. */
export const breachOf = (limits: Limits, values: Limited): Breach | undefined => {
  for (const quantity of quantities) {
    const value = values[quantity];
    const { min = -Infinity, max = Infinity } = limits[quantity] ?? {};
    if (value === undefined || (value >= min && value <= max)) continue;
    return value < min
      ? { quantity, bound: 'min', limit: min, value }
      : { quantity, bound: 'max', limit: max, value };
  }
  return undefined;
};
