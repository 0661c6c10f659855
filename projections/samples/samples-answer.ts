import { queryInvalid } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import type { Summary } from '#series/aggregator.js';
import { type SeriesFunction, valueOf } from '#series/functions.js';
import { type Conversion, conversion, perHourOf } from '#series/units.js';

import type { ReadSeries } from './queries.js';

export const fills = ['none', 'previous', 'linear', 'zero'] as const;
export type Fill = (typeof fills)[number];

/** What a series is at a time, which its neighbours tell; the others say what happened within a bucket. */
const ofState: readonly SeriesFunction[] = ['avg', 'min', 'max', 'first', 'last', 'twa'];
/** Nothing of it where there is no sample, be the time covered or not. */
const ofSamples: readonly SeriesFunction[] = ['sum', 'delta'];

export const fillDescription =
  'What stands where nothing is known; `none` unless given. `previous` and `linear` are for ' +
  `${ofState.join(', ')}: what happened in a bucket does not follow from those around it. \`zero\` stands for ${ofSamples.join(' and ')} ` +
  'where there is no sample, and for the others where neither samples nor the time around tell anything. What is filled is marked.';

/** Throws a `Refusal` (`QUERY_INVALID`) where a function cannot be filled so. */
export const requireFillable = (wanted: readonly SeriesFunction[], fill: Fill): void => {
  if (fill !== 'previous' && fill !== 'linear') return;
  const others = wanted.filter((fn) => !ofState.includes(fn) && !unitless.includes(fn));
  if (others.length === 0) return;
  const reason = `expected none or zero with ${others.join(', ')}: only ${ofState.join(', ')} are filled by ${fill}`;
  throw queryInvalid([{ pointer: '?fill', reason }]);
};

/** What is computed of a series, or of a formula. */
type Named = Pick<ReadSeries, 'name' | 'unit'>;

const none: Conversion = { factor: 1, offset: 0 };

/** How a series is read: every answer says so. */
export const rulesShown = (series: ReadSeries) => ({
  series: series.name,
  valueType: series.valueType,
  kind: series.kind,
  interpolation: series.interpolation,
  intervalMs: series.intervalMs,
  ...(series.rollOver !== null && { rollOver: series.rollOver }),
  /** Otherwise these are the rules for what nobody declared. */
  declared: series.declared,
});

/** What the values of a series are multiplied with and moved by. Throws a `Refusal`. */
export const toUnit = (series: Named, unit: string | undefined): Conversion => {
  if (unit === undefined) return none;
  if (series.unit !== null) return conversion(series.unit, unit);
  throw new Refusal(
    'UNIT_UNKNOWN',
    'unprocessable',
    `nobody said which unit ${series.name} is in`,
    {
      errors: [
        { pointer: '?unit', reason: `expected none: declare the unit of ${series.name} first` },
      ],
    },
  );
};

const unitless: readonly SeriesFunction[] = ['count', 'coverage'];

/** What a function says of a bucket, in the unit that is wanted. */
export interface Shown {
  readonly unit: string | null;
  readonly of: (bucket: Summary) => number | null;
}

/** Throws a `Refusal` (`UNIT_UNKNOWN`, `UNIT_MISMATCH`). */
export const shownAs = (fn: SeriesFunction, series: Named, unit: string | undefined): Shown => {
  if (unitless.includes(fn)) return { unit: null, of: (bucket) => valueOf(fn, bucket) };
  const own = fn === 'integral' && series.unit !== null ? perHourOf(series.unit) : series.unit;
  const { factor, offset } = toUnit({ ...series, unit: own }, unit);
  // Degrees that are added up have so many offsets, and a difference of degrees has none.
  const offsets = (bucket: Summary): number =>
    fn === 'sum' ? offset * bucket.count : fn === 'delta' ? 0 : offset;
  return {
    unit: unit ?? own,
    of: (bucket) => {
      const value = valueOf(fn, bucket);
      return value === null ? null : value * factor + offsets(bucket);
    },
  };
};

/** Puts zeros where there is nothing: see `fillDescription`. */
const withZeros = (
  fn: SeriesFunction,
  values: readonly (number | null)[],
  summaries: readonly Summary[],
): readonly (number | null)[] =>
  values.map((value, index) => {
    const { count = 0, coveredMs = 0 } = summaries[index] ?? {};
    return ofSamples.includes(fn) || (count === 0 && coveredMs === 0) ? (value ?? 0) : value;
  });

/** Fills nulls between, and by `previous` behind values. What is before all of them stays. */
const filled = (
  values: readonly (number | null)[],
  middles: readonly number[],
  fill: 'previous' | 'linear',
): readonly (number | null)[] => {
  let before = -1;
  const nextAfter = followers(values);
  return values.map((value, index) => {
    if (value !== null) before = index;
    const from = values[before];
    if (value !== null || before < 0 || typeof from !== 'number') return value;
    if (fill === 'previous') return from;
    const after = nextAfter[index] ?? -1;
    const to = values[after];
    if (typeof to !== 'number') return null;
    const [start = 0, end = 0, at = 0] = [middles[before], middles[after], middles[index]];
    return from + ((to - from) * (at - start)) / (end - start);
  });
};

/** Of each place the first one behind it that has a value. */
const followers = (values: readonly (number | null)[]): readonly number[] => {
  const found = new Array<number>(values.length).fill(-1);
  for (let index = values.length - 2; index >= 0; index -= 1) {
    found[index] = values[index + 1] === null ? (found[index + 1] ?? -1) : index + 1;
  }
  return found;
};

export interface BucketShown extends Readonly<Partial<Record<SeriesFunction, number | null>>> {
  readonly start: string;
  readonly end: string;
  /** How much of the bucket is known; null where that is not known. */
  readonly coverage: number | null;
  /** Functions whose value was put in where there is none. */
  readonly filled?: readonly SeriesFunction[];
  /** Functions whose value is larger than a double can be: it is given as null, and is not missing. */
  readonly overflowed?: readonly SeriesFunction[];
}

const finite = (value: number | null | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const iso = (at: number): string => new Date(at).toISOString();

export const bucketsShown = (
  summaries: readonly Summary[],
  columns: ReadonlyMap<SeriesFunction, Shown>,
  { fill, isTimeKnown }: { readonly fill: Fill; readonly isTimeKnown: boolean },
): readonly BucketShown[] => {
  const middles = summaries.map(({ start, end }) => (start + end) / 2);
  const values = [...columns].map(([fn, { of }]) => {
    const own = summaries.map(of);
    if (fill === 'none' || unitless.includes(fn)) return { fn, own, all: own };
    if (fill === 'zero') return { fn, own, all: withZeros(fn, own, summaries) };
    return { fn, own, all: filled(own, middles, fill) };
  });
  return summaries.map((summary, index) => {
    const put = values.filter(({ own, all }) => own[index] === null && all[index] !== null);
    const overflowed = values.filter(({ all }) => !Number.isFinite(all[index] ?? 0));
    return {
      ...{ start: iso(summary.start), end: iso(summary.end) },
      ...Object.fromEntries(values.map(({ fn, all }) => [fn, finite(all[index])])),
      coverage: isTimeKnown ? valueOf('coverage', summary) : null,
      ...(put.length > 0 && { filled: put.map(({ fn }) => fn) }),
      ...(overflowed.length > 0 && { overflowed: overflowed.map(({ fn }) => fn) }),
    };
  });
};
