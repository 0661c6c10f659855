import { Refusal } from '#kernel/refusal.js';

import { Aggregator, type Summary } from './aggregator.js';
import { bucketEdges } from './buckets.js';
import { returnsWithinMs } from './counter.js';
import { evaluate, type Expression, type WindowFunction } from './expression.js';
import { valueOf } from './functions.js';
import { longestGapMs, pieceOf, type SeriesRules } from './piece.js';

/** Samples by time, and how the series goes between them. */
export interface Line {
  readonly samples: readonly (readonly [at: number, value: number])[];
  readonly rules: SeriesRules;
}

/** What an expression says over time: at its samples, until each of the `breaks`, from which on it is not known. Those are no times of samples. */
export interface Computed extends Line {
  readonly breaks: readonly number[];
}

/** How far beyond its ends a time has to be known for what is said in it, in milliseconds. */
export const reachOf = (expression: Expression): number => {
  switch (expression.is) {
    case 'number':
    case 'series':
      return 0;
    case 'window': {
      // Whether a total started again, or was read badly, shows in the time around.
      const around = expression.fn === 'delta' ? returnsWithinMs : 0;
      return expression.periodMs + around + reachOf(expression.of);
    }
    case 'call':
      return Math.max(0, ...expression.of.map(reachOf));
  }
};

/** Periods of all `avg`, `integral` and `delta` of a formula. */
const mostPeriods = 200_000;

/** Milliseconds since the epoch; `to` is not included. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The values of an expression over series, at each time at which one of them has a sample: there every series has the
 * value that it goes through by its own rule. Computed before anything is aggregated, since the positive part of a mean is
 * not the mean of positive parts. What is said of a period has one value, at its beginning, and holds until its end. Periods
 * are those of `range`, which is wider than what is asked for by `reachOf`. A formula that is one series is that series.
 *
 * Throws a `Refusal` (`TOO_MANY_PERIODS`).
 */
export const evaluateOver = (
  expression: Expression,
  series: ReadonlyMap<string, Line>,
  range: TimeRange,
): Line | Computed => {
  const lines = new Map(series);
  const plain = withPeriods(expression, lines, { ...range, periodsLeft: mostPeriods });
  const bare = plain.is === 'series' ? lines.get(plain.name) : undefined;
  return bare ?? computedOver(plain, lines);
};

const computedOver = (plain: Expression, lines: ReadonlyMap<string, Line>): Computed => {
  const used = [...namesIn(plain)].flatMap((name) => lines.get(name) ?? []);
  const rules = rulesOver(used);
  const samples: (readonly [at: number, value: number])[] = [];
  const breaks: number[] = [];
  const cursors = new Map([...lines].map(([name, line]) => [name, new Cursor(line)]));
  for (const { at, isSample } of momentsOf(used)) {
    const value = evaluate(plain, (name) => cursors.get(name)?.valueAt(at) ?? null);
    if (value === null) breaks.push(at);
    else if (isSample) samples.push([at, value]);
  }
  return { samples, breaks, rules };
};

/** What is computed, by bucket. `edges`: the start of each bucket, and the end of the last one. */
export const aggregateOver = (
  line: Line | Computed,
  edges: readonly number[],
): readonly Summary[] => {
  if ('breaks' in line) return aggregateRuns(line, edges);
  const aggregator = new Aggregator(edges, line.rules);
  for (const sample of line.samples) aggregator.push(pieceOf(...sample));
  return aggregator.end();
};

const aggregateRuns = (
  { samples, breaks, rules }: Computed,
  edges: readonly number[],
): readonly Summary[] => {
  // Where it is not known is said by the breaks alone.
  const aggregator = new Aggregator(edges, { ...rules, intervalMs: null });
  let next = 0;
  for (const [at, value] of samples) {
    for (let end = breaks[next]; end !== undefined && end < at; end = breaks[next]) {
      aggregator.breakAt(Math.floor(end));
      next += 1;
    }
    aggregator.push(pieceOf(at, value));
  }
  for (const end of breaks.slice(next)) aggregator.breakAt(Math.floor(end));
  return aggregator.end();
};

interface Moment {
  readonly at: number;
  readonly isSample: boolean;
}

/** Times of samples, and those at which a series ceases to be known: between two milliseconds where that is at its sample. */
const momentsOf = (lines: readonly Line[]): readonly Moment[] => {
  const moments = new Map<number, boolean>();
  for (const { samples, rules } of lines) {
    const holdsMs = rules.interpolation === 'hold' ? (rules.intervalMs ?? 0) : 0;
    const longest = longestGapMs(rules);
    samples.forEach(([at], index) => {
      moments.set(at, true);
      const gap = (samples[index + 1]?.[0] ?? Infinity) - at;
      const end = holdsMs > 0 ? at + holdsMs : at + 0.5;
      if ((gap > longest || gap === Infinity) && !moments.has(end)) moments.set(end, false);
    });
  }
  return [...moments]
    .map(([at, isSample]) => ({ at, isSample }))
    .sort((one, other) => one.at - other.at);
};

const namesIn = (expression: Expression, names = new Set<string>()): ReadonlySet<string> => {
  if (expression.is === 'series') names.add(expression.name);
  if (expression.is === 'call') for (const one of expression.of) namesIn(one, names);
  return names;
};

interface Periods extends TimeRange {
  /** How many more may be computed. */
  periodsLeft: number;
}

const tooManyPeriods = () =>
  new Refusal(
    'TOO_MANY_PERIODS',
    'unprocessable',
    `a formula is computed over at most ${String(mostPeriods)} periods of its avg, integral and delta; ask for a shorter time`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );

/** The expression with a series in the place of each period function, whose line is added to `lines`. */
const withPeriods = (
  expression: Expression,
  lines: Map<string, Line>,
  range: Periods,
): Expression => {
  switch (expression.is) {
    case 'number':
    case 'series':
      return expression;
    case 'call':
      return { ...expression, of: expression.of.map((one) => withPeriods(one, lines, range)) };
    case 'window': {
      const of = withPeriods(expression.of, lines, range);
      // A series as it is keeps its own rules: a total may start again.
      const line = of.is === 'series' ? lines.get(of.name) : computedOver(of, lines);
      // No name in a formula begins so.
      const name = `#${String(lines.size)}`;
      lines.set(name, overPeriods(expression.fn, expression.periodMs, line, range));
      return { is: 'series', name };
    }
  }
};

const overPeriods = (
  fn: WindowFunction,
  periodMs: number,
  line: Line | Computed | undefined,
  range: Periods,
): Line => {
  const rules = { ...plainRules, intervalMs: periodMs };
  const [first] = line?.samples.at(0) ?? [];
  const [last] = line?.samples.at(-1) ?? [];
  if (!line || first === undefined || last === undefined) return { samples: [], rules };
  const from = Math.floor(Math.max(first, range.from) / periodMs) * periodMs;
  const to = (Math.floor(Math.min(last, range.to) / periodMs) + 1) * periodMs;
  if (from >= to) return { samples: [], rules };
  range.periodsLeft -= (to - from) / periodMs;
  if (range.periodsLeft < 0) throw tooManyPeriods();
  const edges = bucketEdges({ widthMs: periodMs }, 'UTC', { from, to, most: mostPeriods });
  const samples = aggregateOver(line, edges).flatMap((period) => {
    const value = valueOf(fn, period);
    return value === null ? [] : [[period.start, value] as const];
  });
  return { samples, rules };
};

const plainRules = {
  ...({ kind: 'gauge', interpolation: 'hold', intervalMs: null, rollOver: null } as const),
};

/** How what is computed goes: held where all that it is computed from is; the interval is that of the slowest of it. */
const rulesOver = (lines: readonly Line[]): SeriesRules => {
  const isHeld = lines.every(({ rules }) => rules.interpolation === 'hold');
  const intervals = lines.map(({ rules }) => rules.intervalMs ?? Infinity);
  const longest = Math.max(...intervals);
  // Of what happens at single moments nothing is known between them.
  const intervalMs = intervals.includes(0) ? 0 : Number.isFinite(longest) ? longest : null;
  return { ...plainRules, interpolation: isHeld ? 'hold' : 'linear', intervalMs };
};

class Cursor {
  private next = 0;

  constructor(private readonly line: Line) {}

  /** At times that only grow. */
  valueAt(at: number): number | null {
    const { samples, rules } = this.line;
    while ((samples[this.next]?.[0] ?? Infinity) <= at) this.next += 1;
    const before = samples[this.next - 1];
    if (!before) return null;
    const after = samples[this.next];
    if (before[0] === at) return before[1];
    const isHeld = rules.interpolation === 'hold';
    if (!after || after[0] - before[0] > longestGapMs(rules)) {
      const holdsMs = isHeld ? (rules.intervalMs ?? 0) : 0;
      return at < before[0] + holdsMs ? before[1] : null;
    }
    if (isHeld) return before[1];
    return before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0]);
  }
}
