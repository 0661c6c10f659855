/**
 * What is known of the numbers of one series in a stretch of time. Two neighbouring stretches merge to the
 * summary of both, the same to the last bit in whatever grouping.
 *
 * Sums are a double and what it is short of. What is added up (a value, an area) is a multiple of 2^-60: from
 * 2^-8 on a double has no finer bit, and smaller numbers are rounded to it, by 4.4e-19 at the most. So each sum
 * whose magnitude stays below 2^44 (1.7e13) is exact, in whatever order it is made. Above that sums are as good
 * as a hundred bits are, and may differ by grouping in the last of these.
 */
export interface Summary {
  count: number;
  sum: number;
  sumLow: number;
  min: number;
  max: number;
  /** Milliseconds since 1970. */
  firstAt: number;
  firstValue: number;
  lastAt: number;
  lastValue: number;
  /** Value times seconds between the first and the last sample: a value holds until the next one, ... */
  holdArea: number;
  holdLow: number;
  /** ... or runs straight to it. */
  linearArea: number;
  linearLow: number;
  /** Longest time between two neighbours. */
  maxGapMs: number;
  /** How often a value is lower than the one before. */
  falls: number;
}

/** The summary of one sample. */
export const summaryOf = (at: number, value: number): Summary => ({
  count: 1,
  sum: exact(value),
  sumLow: 0,
  min: value,
  max: value,
  firstAt: at,
  firstValue: value,
  lastAt: at,
  lastValue: value,
  holdArea: 0,
  holdLow: 0,
  linearArea: 0,
  linearLow: 0,
  maxGapMs: 0,
  falls: 0,
});

/** Adds to `into` what comes after it. */
export const append = (into: Summary, next: Summary): void => {
  bridge(into, next.firstAt, next.firstValue);
  addSum(into, next.sum, next.sumLow);
  addHold(into, next.holdArea, next.holdLow);
  addLinear(into, next.linearArea, next.linearLow);
  into.falls += next.falls;
  into.count += next.count;
  into.min = Math.min(into.min, next.min);
  into.max = Math.max(into.max, next.max);
  into.maxGapMs = Math.max(into.maxGapMs, next.maxGapMs);
  into.lastAt = next.lastAt;
  into.lastValue = next.lastValue;
};

/** As `append` of its summary, which is not made. */
export const appendSample = (into: Summary, at: number, value: number): void => {
  bridge(into, at, value);
  addSum(into, exact(value), 0);
  into.count += 1;
  into.min = Math.min(into.min, value);
  into.max = Math.max(into.max, value);
  into.lastAt = at;
  into.lastValue = value;
};

/** Of two stretches of which the first lies before the second. */
export const merged = (before: Summary, after: Summary): Summary => {
  const both = { ...before };
  append(both, after);
  return both;
};

/** Adds what lies between the last sample and the one that follows. */
const bridge = (into: Summary, at: number, value: number): void => {
  const gap = at - into.lastAt;
  const seconds = gap / 1_000;
  addHold(into, exact(into.lastValue * seconds), 0);
  addLinear(into, exact(((into.lastValue + value) / 2) * seconds), 0);
  if (value < into.lastValue) into.falls += 1;
  if (gap > into.maxGapMs) into.maxGapMs = gap;
};

/** A multiple of 2^-60; never -0, which would come and go with the grouping. */
const exact = (value: number): number =>
  (Math.abs(value) < 2 ** -8 ? Math.round(value * 2 ** 60) / 2 ** 60 : value) + 0;

const addSum = (into: Summary, high: number, low: number): void => {
  const sum = added(into.sum, into.sumLow, high, low);
  into.sum = sum.high;
  into.sumLow = sum.low;
};

const addHold = (into: Summary, high: number, low: number): void => {
  const sum = added(into.holdArea, into.holdLow, high, low);
  into.holdArea = sum.high;
  into.holdLow = sum.low;
};

const addLinear = (into: Summary, high: number, low: number): void => {
  const sum = added(into.linearArea, into.linearLow, high, low);
  into.linearArea = sum.high;
  into.linearLow = sum.low;
};

/** The sum of two numbers of two doubles each, after Dekker and Knuth. Inlined, it makes no object. */
const added = (
  aHigh: number,
  aLow: number,
  bHigh: number,
  bLow: number,
): { readonly high: number; readonly low: number } => {
  const high = aHigh + bHigh;
  const shadow = high - aHigh;
  const highRest = aHigh - (high - shadow) + (bHigh - shadow);
  const low = aLow + bLow;
  const lowShadow = low - aLow;
  const lowRest = aLow - (low - lowShadow) + (bLow - lowShadow);
  const carried = highRest + low;
  const sum = high + carried;
  const rest = carried - (sum - high) + lowRest;
  const rounded = sum + rest;
  return { high: rounded, low: rest - (rounded - sum) };
};
