/** What one of the cycler's counters showed during a step or a cycle, in Ah. */
export interface CounterSpan {
  readonly firstAh: number;
  readonly lastAh: number;
  readonly largestAh: number;
  /** What it rose by, where a reading below the one before counts from zero. */
  readonly riseAh: number;
  /** Whether it started again at the first record; null where it showed nothing before that could be lost. */
  readonly startsAgain: boolean | null;
  /** Starts of steps within the span before which the counter showed something, and how many of them reset it. */
  readonly stepStarts: number;
  readonly stepResets: number;
}

/** Less than this is nothing: a counter that shows so little cannot be seen to start again. */
const nothingAh = 1e-9;

/** The span with one more reading, after `before`, the reading of the record before it whatever step it was of. */
export const readCounter = (
  span: CounterSpan | null,
  before: number | null,
  reading: number,
): CounterSpan => {
  const fell = before !== null && reading < before - nothingAh;
  const rise = before === null ? 0 : fell ? reading : Math.max(0, reading - before);
  if (span === null) {
    return {
      firstAh: reading,
      lastAh: reading,
      largestAh: reading,
      riseAh: rise,
      startsAgain: before === null || before <= nothingAh ? null : fell,
      stepStarts: 0,
      stepResets: 0,
    };
  }
  return {
    ...span,
    lastAh: reading,
    largestAh: Math.max(span.largestAh, reading),
    riseAh: span.riseAh + rise,
  };
};

/** A span followed by that of the next step. */
export const joinCounters = (
  span: CounterSpan | null,
  next: CounterSpan | null,
): CounterSpan | null => {
  if (span === null || next === null) return span ?? next;
  return {
    firstAh: span.firstAh,
    lastAh: next.lastAh,
    largestAh: Math.max(span.largestAh, next.largestAh),
    riseAh: span.riseAh + next.riseAh,
    startsAgain: span.startsAgain,
    stepStarts: span.stepStarts + (next.startsAgain === null ? 0 : 1),
    stepResets: span.stepResets + (next.startsAgain === true ? 1 : 0),
  };
};
