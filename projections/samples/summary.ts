/**
 * What is known of the numbers of one series in a stretch of time. Two neighbouring stretches merge to the
 * summary of both. Sums are a double and what it is short of, so that merging in any grouping gives the same
 * numbers as long as a sum needs no more than about a hundred bits.
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
  ...{ count: 1, sum: value, sumLow: 0, min: value, max: value },
  ...{ firstAt: at, firstValue: value, lastAt: at, lastValue: value },
  ...{ holdArea: 0, holdLow: 0, linearArea: 0, linearLow: 0, maxGapMs: 0, falls: 0 },
});

/** Adds to `into` what comes after it. */
export const append = (into: Summary, next: Summary): void => {
  const gap = next.firstAt - into.lastAt;
  const seconds = gap / 1_000;
  addSum(into, next.sum, next.sumLow);
  addHold(into, into.lastValue * seconds, 0);
  addHold(into, next.holdArea, next.holdLow);
  addLinear(into, ((into.lastValue + next.firstValue) / 2) * seconds, 0);
  addLinear(into, next.linearArea, next.linearLow);
  if (next.firstValue < into.lastValue) into.falls += 1;
  into.falls += next.falls;
  into.count += next.count;
  into.min = Math.min(into.min, next.min);
  into.max = Math.max(into.max, next.max);
  into.maxGapMs = Math.max(into.maxGapMs, gap, next.maxGapMs);
  into.lastAt = next.lastAt;
  into.lastValue = next.lastValue;
};

/** Of two stretches of which the first lies before the second. */
export const merged = (before: Summary, after: Summary): Summary => {
  const both = { ...before };
  append(both, after);
  return both;
};

const addSum = (into: Summary, high: number, low: number): void => {
  [into.sum, into.sumLow] = added(into.sum, into.sumLow, high, low);
};

const addHold = (into: Summary, high: number, low: number): void => {
  [into.holdArea, into.holdLow] = added(into.holdArea, into.holdLow, high, low);
};

const addLinear = (into: Summary, high: number, low: number): void => {
  [into.linearArea, into.linearLow] = added(into.linearArea, into.linearLow, high, low);
};

/** The sum of two numbers of two doubles each, after Dekker and Knuth. */
const added = (aHigh: number, aLow: number, bHigh: number, bLow: number): [number, number] => {
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
  return [rounded, rest - (rounded - sum)];
};
