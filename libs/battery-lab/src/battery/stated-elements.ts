/** An element of a product as the registry has it: decimals are text, null where none was submitted. */
export interface StatedElement {
  readonly value: unknown;
  readonly unit?: string | undefined;
}
export type StatedElements = Readonly<Record<string, StatedElement>>;

/** A value with what it comes from, or why there is none. */
export type Finding<T> =
  | {
      readonly value: T;
      /** What the registry states, as it is written there. */
      readonly from: readonly string[];
      /** How it follows, where it is not stated as it stands. */
      readonly how?: string;
    }
  | { readonly open: string };

/** A value in V, A, W, Wh or degC, and how the registry writes it. */
export interface Amount {
  readonly value: number;
  readonly written: string;
}

const times = (factor: number) => (value: number) => value * factor;

/** Into the units of the lab. */
const conversions: Readonly<Record<string, (value: number) => number>> = {
  ...{ Wh: times(1), kWh: times(1e3), MWh: times(1e6) },
  ...{ W: times(1), kW: times(1e3), MW: times(1e6), GW: times(1e9) },
  ...{ V: times(1), kV: times(1e3), MV: times(1e6), GV: times(1e9), A: times(1) },
  ...{ Cel: times(1), K: (value) => value - 273.15, F: (value) => ((value - 32) * 5) / 9 },
};

/** A difference of floating-point numbers is none of the registry. */
const digits = 9;

export const rounded = (value: number): number => Number(value.toPrecision(digits));

/** Undefined where nobody states a number in a unit that is known. */
export const amountOf = (elements: StatedElements, name: string): Amount | undefined => {
  const { value, unit = '' } = elements[name] ?? { value: null };
  if (typeof value !== 'string' || !Object.hasOwn(conversions, unit)) return undefined;
  const number = conversions[unit]?.(Number(value));
  if (number === undefined || !Number.isFinite(number)) return undefined;
  return { value: rounded(number), written: `${name} ${value} ${unit}` };
};

export const textOf = (elements: StatedElements, name: string): string | undefined => {
  const { value } = elements[name] ?? { value: null };
  return typeof value === 'string' ? value : undefined;
};
