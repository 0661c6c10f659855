import type { MathNode } from 'mathjs';
import mathjs from 'mathjs/lib/browser/math.js';

import { Refusal } from '#kernel/refusal.js';

import {
  type Compute,
  type Expression,
  functions,
  operators,
  type WindowFunction,
  windowFunctions,
} from './expression.js';

const { parseDependencies = {} } = mathjs;
const { parse } = mathjs.create({ parseDependencies });

export interface Formula {
  readonly expression: Expression;
  /** What it names, each once, with the place of the first character in the text. */
  readonly names: ReadonlyMap<string, number>;
}

const constants: Readonly<Record<string, number>> = { PI: Math.PI, E: Math.E };
const maxLength = 2_000;
const maxNames = 100;
const maxDepth = 60;
const periodsMs = { least: 1_000, most: 366 * 86_400_000 };
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
    if (/^\d/.test(found) || isFunction(found) || constant !== undefined) return found;
    if (!found.includes('.'))
      throw invalid(at, `device.series, or one of ${known.join(', ')}, and not ${found}`);
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

/** The text with other names of devices: of `meter.P`, and of `events.meter:car::KIND.field`. */
export const renamed = (text: string, names: ReadonlyMap<string, string>): string =>
  text.replace(word, (found: string) => {
    const of = (name: string): string => names.get(name) ?? name;
    const [first = '', ...rest] = found.split('.');
    if (rest.length === 0 || first === 'analytics') return found;
    if (first !== 'events') return [of(first), ...rest].join('.');
    const [devices = '', ...others] = rest.join('.').split('::');
    return `events.${[devices.split(':').map(of).join(':'), ...others].join('::')}`;
  });

const isWindow = (name: string): name is WindowFunction =>
  windowFunctions.some((one) => one === name);
const known = [...Object.keys(functions), ...windowFunctions, 'PI', 'E'];
const isFunction = (name: string): boolean => Object.hasOwn(functions, name) || isWindow(name);

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
      // What stands before a chain such as a + b + c has no parentheses, and is no level.
      return callOf(
        String(node.fn),
        operators,
        (node.args ?? []).map((one, index, { length }) =>
          checked(one, names, length === 2 && index === 0 ? depth : depth + 1),
        ),
      );
    case 'FunctionNode': {
      const fn = (node.fn as Node).name ?? '';
      const args = node.args?.map(inner) ?? [];
      return isWindow(fn) ? windowOf(fn, args) : callOf(fn, functions, args);
    }
  }
  throw invalid(0, 'numbers, series, operators, comparisons, conditions and functions only');
};

const callOf = (
  fn: string,
  all: Readonly<Record<string, Compute>>,
  of: readonly Expression[],
): Expression => {
  const compute = Object.hasOwn(all, fn) ? all[fn] : undefined;
  if (!compute) {
    throw invalid(0, `one of ${known.join(', ')} or an operator, and not ${fn}`);
  }
  const expected = all === functions || fn.startsWith('unary') ? 1 : 2;
  if (of.length !== expected) throw invalid(0, `${fn} of ${String(expected)} values`);
  return { is: 'call', fn, of };
};

const windowOf = (fn: WindowFunction, args: readonly Expression[]): Expression => {
  const [of, period] = args;
  const periodMs = period?.is === 'number' ? period.value : Number.NaN;
  const { least, most } = periodsMs;
  if (
    !of ||
    args.length !== 2 ||
    !Number.isInteger(periodMs) ||
    periodMs < least ||
    periodMs > most
  )
    throw invalid(0, `${fn}(value, period) with a period of ${least} to ${most} milliseconds`);
  return { is: 'window', fn, of, periodMs };
};

const invalid = (at: number, expected: string) =>
  new Refusal('FORMULA_INVALID', 'unprocessable', 'the formula cannot be read', {
    errors: [
      { pointer: '/expression', reason: `at character ${String(at + 1)}: expected ${expected}` },
    ],
  });
