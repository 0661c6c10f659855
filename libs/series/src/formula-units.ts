import { Refusal } from '#kernel/refusal.js';

import type { Expression } from './expression.js';
import { areCompatible, conversion, dimensionsOf, perHourOf } from './units.js';

/** What is known of the quantity that values stand for. */
export interface Quantity {
  /** Exponents of base quantities; undefined: nobody said. */
  readonly dimensions: readonly number[] | undefined;
  /** Their unit, where it is certain: kW divided by 1000 is a power still, in a unit without a name. */
  readonly unit: string | undefined;
  /** A number of the formula itself, which stands for whatever it is put beside. */
  readonly isNumber?: true;
}

const unknown: Quantity = { dimensions: undefined, unit: undefined };
const number: Quantity = { dimensions: [], unit: undefined, isNumber: true };
const hours = dimensionsOf('h') ?? [];
const angle = dimensionsOf('rad') ?? [];

export const quantityIn = (unit: string | null): Quantity =>
  unit === null ? unknown : { dimensions: dimensionsOf(unit), unit };

/**
 * The quantity of what a formula says. A number stands for any quantity, and what is in no known unit fits everything.
 *
 * Throws a `Refusal` (`UNIT_MISMATCH`) where different quantities, or one in different units, are added, compared or
 * chosen from.
 */
export const quantityOf = (
  expression: Expression,
  ofName: (name: string) => Quantity,
): Quantity => {
  switch (expression.is) {
    case 'number':
      return number;
    case 'series':
      return ofName(expression.name);
    case 'window': {
      const of = quantityOf(expression.of, ofName);
      return expression.fn === 'integral' ? timesHours(of) : of;
    }
    case 'call':
      return ofCall(
        expression.fn,
        expression.of.map((one) => quantityOf(one, ofName)),
        expression.of,
      );
  }
};

const ofCall = (
  fn: string,
  [one = unknown, other = unknown, last = unknown]: readonly Quantity[],
  of: readonly Expression[],
): Quantity => {
  switch (fn) {
    case 'add':
    case 'subtract':
      return alike(one, other);
    case 'conditional':
      return alike(other, last);
    case 'smaller':
    case 'smallerEq':
    case 'larger':
    case 'largerEq':
    case 'equal':
    case 'unequal':
      alike(one, other);
      return number;
    case 'multiply':
      return product(one, other, 1);
    case 'divide':
      return product(one, other, -1);
    case 'pow':
      return power(one, of[1]);
    case 'sin':
    case 'cos':
    case 'tan':
    case 'exp':
      return withoutUnit(fn, one);
    // abs, pos, neg and signs leave what it is.
    default:
      return one;
  }
};

const alike = (one: Quantity, other: Quantity): Quantity => {
  if (one.isNumber) return other;
  if (other.isNumber) return one;
  if (one.unit !== undefined && other.unit !== undefined && one.unit !== other.unit) {
    if (!isSameUnit(one.unit, other.unit)) throw mismatch(`${one.unit} and ${other.unit}`);
  }
  const { dimensions } = one;
  if (!dimensions || !other.dimensions) return unknown;
  if (!areEqual(dimensions, other.dimensions)) throw mismatch('different quantities');
  return { dimensions, unit: one.unit === other.unit ? one.unit : undefined };
};

/** Units that are not known are the same only by their name. */
const isSameUnit = (one: string, other: string): boolean => {
  if (!dimensionsOf(one) || !dimensionsOf(other)) return true;
  if (!areCompatible(one, other)) return false;
  const { factor, offset } = conversion(one, other);
  return factor === 1 && offset === 0;
};

const product = (one: Quantity, other: Quantity, sign: 1 | -1): Quantity => {
  if (one.isNumber && other.isNumber) return number;
  if (!one.dimensions || !other.dimensions) return unknown;
  return { dimensions: sumOf(one.dimensions, other.dimensions, sign), unit: undefined };
};

const power = (base: Quantity, exponent: Expression | undefined): Quantity => {
  if (base.isNumber) return number;
  if (!base.dimensions || exponent?.is !== 'number') return unknown;
  return { dimensions: base.dimensions.map((one) => one * exponent.value), unit: undefined };
};

const timesHours = ({ dimensions, unit }: Quantity): Quantity => ({
  dimensions: dimensions && sumOf(dimensions, hours, 1),
  unit: unit === undefined ? undefined : perHourOf(unit),
});

const withoutUnit = (fn: string, { dimensions }: Quantity): Quantity => {
  if (dimensions && !areEqual(dimensions, []) && !areEqual(dimensions, angle)) {
    throw mismatch(`${fn} of a value with a unit`);
  }
  return number;
};

const sumOf = (one: readonly number[], other: readonly number[], sign: 1 | -1): number[] =>
  Array.from(
    { length: Math.max(one.length, other.length) },
    (_, at) => (one[at] ?? 0) + sign * (other[at] ?? 0),
  );

const areEqual = (one: readonly number[], other: readonly number[]): boolean =>
  sumOf(one, other, -1).every((difference) => difference === 0);

/** Throws a `Refusal` (`UNIT_MISMATCH`) where values of the quantity are not in the unit. */
export const requireUnit = ({ dimensions, unit: own, isNumber }: Quantity, unit: string): void => {
  const wanted = dimensionsOf(unit);
  if (isNumber || !dimensions || !wanted) return;
  const isRight = areEqual(dimensions, wanted) && (own === undefined || isSameUnit(own, unit));
  if (isRight) return;
  const reason = own === undefined ? 'expected a unit of its quantity' : `expected ${own}`;
  throw new Refusal('UNIT_MISMATCH', 'unprocessable', `the formula does not give ${unit}`, {
    errors: [{ pointer: '/unit', reason }],
  });
};

const mismatch = (what: string) =>
  new Refusal('UNIT_MISMATCH', 'unprocessable', 'the formula mixes units', {
    errors: [
      {
        pointer: '/expression',
        reason: `expected values of one unit to be added, compared or chosen from, and not ${what}`,
      },
    ],
  });
