import type { MathNode } from 'mathjs';
import mathjs from 'mathjs/lib/browser/math.js';

import { Refusal } from '#kernel/refusal.js';

const { parseDependencies = {} } = mathjs;
const { parse } = mathjs.create({ parseDependencies });

/** An expression that was checked: nothing else of it is ever carried out. */
export type Expression =
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'series'; readonly name: string }
  | { readonly is: 'call'; readonly fn: string; readonly of: readonly Expression[] };

export interface Formula {
  readonly expression: Expression;
  /** What it names, each once, with the place of the first character in the text. */
  readonly names: ReadonlyMap<string, number>;
}

const constants: Readonly<Record<string, number>> = { PI: Math.PI, E: Math.E };
const fromBoolean = (holds: boolean): number => (holds ? 1 : 0);

type Compute = (...values: number[]) => number;
const nan = Number.NaN;

/** Functions that may be written as such. */
const functions: Readonly<Record<string, Compute>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  abs: Math.abs,
  exp: Math.exp,
  pos: (value = nan) => Math.max(value, 0),
  neg: (value = nan) => Math.min(value, 0),
};

/** Operators by the name that the parser gives them. */
const operators: Readonly<Record<string, Compute>> = {
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
const argumentsOf = { conditional: 3 } as const;

const maxLength = 2_000;
const maxNames = 100;
const maxDepth = 60;
/** A number, or a name: `egauge.A.Solar`, `analytics.load`, `events.ev::EV_END_CHARGING.energy`, `sin`. */
const word =
  /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|events\.[\w$:]*::[\w$:]*(?:\.[\w$]+)?|[A-Za-z][\w$]*(?:\.[\w$]+)*/g;

/**
 * Reads a formula. What is not an arithmetical expression over named series, such as an assignment, a definition or
 * an index, is refused.
 *
 * Throws a `Refusal` (`FORMULA_INVALID`) that names the place of the character.
 */
export const readFormula = (text: string): Formula => {
  if (text.length > maxLength) throw invalid(maxLength, `at most ${String(maxLength)} characters`);
  const names = new Map<string, number>();
  const byPlaceholder = new Map<string, string>();
  const replaced = text.replace(word, (found: string, at: number) => {
    const constant = constants[found.toUpperCase()];
    if (/^\d/.test(found) || Object.hasOwn(functions, found) || constant !== undefined)
      return found;
    if (!found.includes('.')) throw invalid(at, `a function, or device.series, and not ${found}`);
    if (!names.has(found)) names.set(found, at);
    if (names.size > maxNames) throw invalid(at, `at most ${String(maxNames)} names`);
    // As long as the name, so that places stay the same.
    const placeholder = `v${String([...names.keys()].indexOf(found))}`.padEnd(found.length, '_');
    byPlaceholder.set(placeholder, found);
    return placeholder;
  });
  const expression = checked(parsed(replaced), byPlaceholder, 0);
  return { expression, names };
};

const parsed = (text: string): MathNode => {
  try {
    return parse(text);
  } catch (error) {
    const { char } = error as { char?: number };
    throw invalid((char ?? 1) - 1, 'an expression such as pos(egauge.A.Solar) * 0.98');
  }
};

/** The few kinds of nodes that a formula is made of, as far as they are read here. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly fn?: unknown;
  readonly implicit?: boolean;
  readonly args?: readonly Node[];
  readonly content?: Node;
  readonly condition?: Node;
  readonly trueExpr?: Node;
  readonly falseExpr?: Node;
}

const checked = (given: unknown, names: ReadonlyMap<string, string>, depth: number): Expression => {
  const node = given as Node;
  if (depth > maxDepth) throw invalid(0, `at most ${String(maxDepth)} levels of parentheses`);
  const inner = (one: unknown): Expression => checked(one, names, depth + 1);
  switch (node.type) {
    case 'ParenthesisNode':
      return inner(node.content);
    case 'ConstantNode':
      if (typeof node.value !== 'number') break;
      return { is: 'number', value: node.value };
    case 'SymbolNode': {
      const name = names.get(node.name ?? '');
      const constant = constants[(node.name ?? '').toUpperCase()];
      if (name !== undefined) return { is: 'series', name };
      if (constant === undefined) break;
      return { is: 'number', value: constant };
    }
    case 'ConditionalNode':
      return {
        ...{ is: 'call', fn: 'conditional' },
        of: [inner(node.condition), inner(node.trueExpr), inner(node.falseExpr)],
      };
    case 'OperatorNode':
      if (node.implicit === true) throw invalid(0, 'an operator between two values');
      return callOf(String(node.fn), operators, node.args?.map(inner) ?? []);
    case 'FunctionNode':
      return callOf((node.fn as Node).name ?? '', functions, node.args?.map(inner) ?? []);
  }
  throw invalid(0, 'numbers, series, operators, comparisons, conditions and functions only');
};

const callOf = (
  fn: string,
  known: Readonly<Record<string, Compute>>,
  of: readonly Expression[],
): Expression => {
  const compute = Object.hasOwn(known, fn) ? known[fn] : undefined;
  if (!compute) {
    throw invalid(0, `one of ${Object.keys(functions).join(', ')} or an operator, and not ${fn}`);
  }
  const expected = fn in argumentsOf ? 3 : known === functions || fn.startsWith('unary') ? 1 : 2;
  if (of.length !== expected) throw invalid(0, `${fn} of ${String(expected)} values`);
  return { is: 'call', fn, of };
};

const invalid = (at: number, expected: string) =>
  new Refusal('FORMULA_INVALID', 'unprocessable', 'the formula cannot be read', {
    errors: [
      { pointer: '/expression', reason: `at character ${String(at + 1)}: expected ${expected}` },
    ],
  });

/** The value of an expression; null where one of the values that it needs is not known, or it is no number. */
export const evaluate = (
  expression: Expression,
  valueOf: (name: string) => number | null,
): number | null => {
  switch (expression.is) {
    case 'number':
      return expression.value;
    case 'series':
      return valueOf(expression.name);
    case 'call': {
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

/**
 * The values of an expression over series, at each time at which one of them has a sample: there every series has the
 * value that it goes through by its own rule. Computed before anything is aggregated, since the positive part of a mean is
 * not the mean of positive parts.
 */
export function* evaluateOver(
  expression: Expression,
  series: ReadonlyMap<string, Line>,
): Generator<readonly [at: number, value: number]> {
  const times = [
    ...new Set([...series.values()].flatMap(({ samples }) => samples.map(([at]) => at))),
  ];
  const cursors = new Map([...series].map(([name, line]) => [name, new Cursor(line)]));
  for (const at of times.sort((one, other) => one - other)) {
    const value = evaluate(expression, (name) => cursors.get(name)?.valueAt(at) ?? null);
    if (value !== null) yield [at, value];
  }
}

/** Samples by time, and how the series goes between them. */
export interface Line {
  readonly samples: readonly (readonly [at: number, value: number])[];
  readonly interpolation: 'hold' | 'linear';
  /** Beyond this it is not known how it goes. */
  readonly longestGapMs: number;
}

class Cursor {
  private next = 0;

  constructor(private readonly line: Line) {}

  /** At times that only grow. */
  valueAt(at: number): number | null {
    const { samples, interpolation, longestGapMs } = this.line;
    while ((samples[this.next]?.[0] ?? Infinity) <= at) this.next += 1;
    const before = samples[this.next - 1];
    if (!before) return null;
    const after = samples[this.next];
    if (before[0] === at) return before[1];
    if (!after || after[0] - before[0] > longestGapMs) return null;
    if (interpolation === 'hold') return before[1];
    return before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0]);
  }
}
