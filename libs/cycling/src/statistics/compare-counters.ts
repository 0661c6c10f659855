import type { CounterSpan } from './counter.js';
import type { CycleStatistics } from './cycle-statistics.js';

/** When a counter of the cycler starts again, as seen in the test; `unseen` where nothing could tell. */
export type CounterReset = 'each-step' | 'each-cycle' | 'never' | 'unseen';

export interface CounterDisagreement {
  readonly cycle: number;
  readonly direction: 'charge' | 'discharge';
  /** What the counter says of the cycle, by when it starts again. */
  readonly counterAh: number;
  readonly integralAh: number;
  /** A sentence without its end. */
  readonly reason: string;
}

export interface CounterReport {
  readonly charge: CounterReset;
  readonly discharge: CounterReset;
  readonly disagreements: readonly CounterDisagreement[];
}

/** Counter and integral disagree where they differ by more than this share of the larger one ... */
const ofCycle = 0.01;
/** ... and by more than this share of the largest cycle, which is what the integral of a step's end may miss. */
const ofTest = 0.005;

/**
 * Compares the integrals of the cycles of a test with the cycler's own counters. When the counters start again is
 * seen: in each step, where at least half of the steps that could reset one did; with each cycle, where a cycle did; else
 * never. A counter that starts with each cycle says its largest reading, and what it rose by otherwise.
 */
export const compareCounters = (cycles: readonly CycleStatistics[]): CounterReport => {
  const charge = compare(cycles, 'charge');
  const discharge = compare(cycles, 'discharge');
  const disagreements = [...charge.disagreements, ...discharge.disagreements];
  disagreements.sort((a, b) => a.cycle - b.cycle);
  return { charge: charge.reset, discharge: discharge.reset, disagreements };
};

const compare = (
  cycles: readonly CycleStatistics[],
  direction: 'charge' | 'discharge',
): { readonly reset: CounterReset; readonly disagreements: readonly CounterDisagreement[] } => {
  const integral = (cycle: CycleStatistics): number => cycle[`${direction}Ah`];
  const reset = resetOf(cycles.flatMap(({ counters }) => counters[direction] ?? []));
  const largest = Math.max(0, ...cycles.map(integral));
  const disagreements = cycles.flatMap((cycle, at) => {
    const span = cycle.counters[direction];
    if (span === null) return [];
    const integralAh = integral(cycle);
    const counterAh = readingOf(span, reset, at === 0);
    const difference = Math.abs(counterAh - integralAh);
    const allowed = Math.max(ofCycle * Math.max(counterAh, integralAh), ofTest * largest);
    if (difference <= allowed) return [];
    const reason = reasonOf(cycle, span, reset);
    return [{ cycle: cycle.cycle, direction, counterAh, integralAh, reason }];
  });
  return { reset, disagreements };
};

const resetOf = (spans: readonly CounterSpan[]): CounterReset => {
  const sum = (of: (span: CounterSpan) => number): number =>
    spans.reduce((all, span) => all + of(span), 0);
  const stepStarts = sum((span) => span.stepStarts);
  if (stepStarts > 0 && sum((span) => span.stepResets) * 2 >= stepStarts) return 'each-step';
  const told = spans.filter(({ startsAgain }) => startsAgain !== null);
  if (told.some(({ startsAgain }) => startsAgain)) return 'each-cycle';
  return told.length > 0 || stepStarts > 0 ? 'never' : 'unseen';
};

const readingOf = (span: CounterSpan, reset: CounterReset, isFirst: boolean): number => {
  if (reset !== 'each-cycle') return span.riseAh;
  // A test may begin with what the counter showed before it.
  return span.largestAh - (isFirst ? span.firstAh : 0);
};

const reasonOf = ({ partial }: CycleStatistics, span: CounterSpan, reset: CounterReset): string => {
  if (reset === 'each-cycle' && span.startsAgain === false) {
    return 'the counter starts again with other cycles, but did not with this one';
  }
  return partial.includes('missing-records')
    ? 'records are missing, and nothing is integrated where they are'
    : 'the counter and the integral of the current differ';
};
