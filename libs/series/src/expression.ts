/** What says one thing of each period: the mean of the samples in it, the value times hours, the growth. */
export const windowFunctions = ['avg', 'integral', 'delta'] as const;
export type WindowFunction = (typeof windowFunctions)[number];

/** An expression that was checked: nothing else of it is ever carried out. */
export type Expression =
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'series'; readonly name: string }
  | { readonly is: 'call'; readonly fn: string; readonly of: readonly Expression[] }
  | {
      readonly is: 'window';
      readonly fn: WindowFunction;
      readonly of: Expression;
      /** Periods count from the Unix epoch. */
      readonly periodMs: number;
    };

const fromBoolean = (holds: boolean): number => (holds ? 1 : 0);

export type Compute = (...values: number[]) => number;
const nan = Number.NaN;

/** Functions that may be written as such. */
export const functions: Readonly<Record<string, Compute>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  abs: Math.abs,
  exp: Math.exp,
  pos: (value = nan) => Math.max(value, 0),
  neg: (value = nan) => Math.min(value, 0),
};

/** Operators by the name that the parser gives them. */
export const operators: Readonly<Record<string, Compute>> = {
  add: (one = nan, other = nan) => one + other,
  subtract: (one = nan, other = nan) => one - other,
  multiply: (one = nan, other = nan) => one * other,
  divide: (one = nan, other = nan) => one / other,
  pow: (one = nan, other = nan) => one ** other,
  unaryMinus: (value = nan) => -value,
  unaryPlus: (value = nan) => value,
  smaller: (one = nan, other = nan) => fromBoolean(one < other),
  smallerEq: (one = nan, other = nan) => fromBoolean(one <= other),
  larger: (one = nan, other = nan) => fromBoolean(one > other),
  largerEq: (one = nan, other = nan) => fromBoolean(one >= other),
  equal: (one = nan, other = nan) => fromBoolean(one === other),
  unequal: (one = nan, other = nan) => fromBoolean(one !== other),
  conditional: (condition = nan, one = nan, other = nan) => (condition === 0 ? other : one),
};

const computations: Readonly<Record<string, Compute>> = { ...functions, ...operators };
/** The value of an expression without periods; null where one of the values that it needs is not known, or it is no number. */
export const evaluate = (
  expression: Expression,
  valueOf: (name: string) => number | null,
): number | null => {
  switch (expression.is) {
    case 'number':
      return expression.value;
    case 'series':
      return valueOf(expression.name);
    case 'window':
      throw new Error('what is said of periods is computed before');
    case 'call': {
      // What is not chosen need not be known.
      const [condition, one, other] = expression.of;
      if (expression.fn === 'conditional' && condition && one && other) {
        const chosen = evaluate(condition, valueOf);
        return chosen === null ? null : evaluate(chosen === 0 ? other : one, valueOf);
      }
      const values: number[] = [];
      for (const one of expression.of) {
        const value = evaluate(one, valueOf);
        if (value === null) return null;
        values.push(value);
      }
      const result = computations[expression.fn]?.(...values) ?? nan;
      return Number.isFinite(result) ? result : null;
    }
  }
};
