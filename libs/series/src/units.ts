import type { Unit } from 'mathjs';
import mathjs from 'mathjs/lib/browser/math.js';

import { Refusal } from '#kernel/refusal.js';

const { unitDependencies = {}, createUnitDependencies = {} } = mathjs;
const math = mathjs.create({ unitDependencies, createUnitDependencies });

/** Units of the field that the library does not have. Reactive power is no active one. */
math.createUnit({
  var: { prefixes: 'short' },
  varh: { definition: '1 var h', prefixes: 'short' },
  VAh: { definition: '1 VA h', prefixes: 'short' },
  Wp: { definition: '1 W', prefixes: 'short' },
});

/** `%` and `percent` are hundredths, `1` is none. */
const hundredth = ['%', 'percent'];
const plain = ['1', ''];

const parse = (unit: string): Unit | undefined => {
  if (unit.length > 40 || !/^[A-Za-zµΩ°][\wµΩ°*/^. -]*$/.test(unit)) return undefined;
  try {
    return math.unit(
      unit
        .replace(/^°([CF])$/, 'deg$1')
        .replace(/VAR/i, 'var')
        .replace('Ω', 'ohm')
        .replace('µ', 'u'),
    );
  } catch {
    // The library tells an unknown unit by an error of no class of its own.
    return undefined;
  }
};

/** How values of one unit become those of another. */
export interface Conversion {
  readonly factor: number;
  readonly offset: number;
}

const same: Conversion = { factor: 1, offset: 0 };

/** Throws a `Refusal` (`UNIT_UNKNOWN`, `UNIT_MISMATCH`). */
export const conversion = (from: string, to: string): Conversion => {
  if (from === to) return same;
  const ratio = scaleOf(from);
  const wanted = scaleOf(to);
  if (ratio !== undefined && wanted !== undefined) return { factor: ratio / wanted, offset: 0 };
  if (ratio !== undefined || wanted !== undefined) throw unitMismatch(from, to);
  const one = parse(from) ?? unknownUnit(from);
  const other = parse(to) ?? unknownUnit(to);
  if (!one.equalBase(other)) throw unitMismatch(from, to);
  const at = (value: number): number =>
    math.unit(value, one.formatUnits()).toNumber(other.formatUnits());
  const offset = at(0);
  // Far from zero, so that the offset takes no digits of the factor.
  return offset === 0
    ? { factor: at(1), offset }
    : { factor: round((at(1e6) - offset) / 1e6), offset };
};

const round = (factor: number): number => Number(factor.toPrecision(12));

const scaleOf = (unit: string): number | undefined => {
  if (hundredth.includes(unit)) return 0.01;
  return plain.includes(unit) ? 1 : undefined;
};

/** Whether the units measure the same quantity. */
export const areCompatible = (one: string, other: string): boolean => {
  try {
    conversion(one, other);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/** Exponents of base quantities, which are the same for units of the same quantity; undefined for an unknown unit. */
export const dimensionsOf = (unit: string): readonly number[] | undefined =>
  scaleOf(unit) === undefined
    ? (parse(unit) as unknown as { readonly dimensions: readonly number[] } | undefined)?.dimensions
    : [];

/** The unit of values times hours. */
export const perHourOf = (unit: string): string => {
  const short = /^([mkMGT]?)(W|Wp|VA|var|A)$/.exec(unit.replace(/VAR/i, 'var'));
  return short ? `${short[0].replace('p', '')}h` : `${unit} h`;
};

const unknownUnit = (unit: string): never => {
  throw new Refusal('UNIT_UNKNOWN', 'unprocessable', `there is no unit ${unit}`, {
    errors: [{ pointer: '?unit', reason: 'expected a unit such as kW, kWh, degC or V' }],
  });
};

const unitMismatch = (from: string, to: string) =>
  new Refusal('UNIT_MISMATCH', 'unprocessable', `${from} cannot be converted to ${to}`, {
    errors: [{ pointer: '?unit', reason: `expected a unit of the same quantity as ${from}` }],
  });
