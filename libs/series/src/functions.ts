import type { Summary } from './aggregator.js';
import { hourMs } from './time-zone.js';

export const functions = [
  ...(['avg', 'min', 'max', 'sum', 'count', 'first', 'last'] as const),
  ...(['twa', 'delta', 'integral', 'coverage'] as const),
];
export type SeriesFunction = (typeof functions)[number];

/** What overflowed says nothing, and stays as it is. */
const within = (value: number, low: number, high: number): number =>
  Number.isFinite(value) ? Math.min(Math.max(value, low), high) : value;

const ifAny = (count: number, value: () => number | null): number | null =>
  count > 0 ? value() : null;

/** Null where nothing is known. */
const values: Readonly<Record<SeriesFunction, (bucket: Summary) => number | null>> = {
  avg: ({ count, sum, min, max }) => ifAny(count, () => within(sum / count, min, max)),
  min: ({ count, min }) => ifAny(count, () => min),
  max: ({ count, max }) => ifAny(count, () => max),
  sum: ({ count, sum }) => ifAny(count, () => sum),
  count: ({ count }) => count,
  first: ({ first }) => first,
  last: ({ last }) => last,
  // Rounding must not lead out of what was measured.
  twa: ({ coveredMs, area, low, high }) =>
    ifAny(coveredMs, () => within(area / coveredMs, low, high)),
  delta: ({ increase }) => increase,
  integral: ({ coveredMs, area }) => ifAny(coveredMs, () => area / hourMs),
  coverage: ({ start, end, coveredMs }) => coveredMs / (end - start),
};

/** What a function says of a bucket; `integral` is the value times hours, over the time that is covered. */
export const valueOf = (fn: SeriesFunction, bucket: Summary): number | null => values[fn](bucket);
