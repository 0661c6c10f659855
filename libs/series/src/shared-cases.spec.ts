import { expect, it } from 'vitest';

import { Aggregator, type Summary } from './aggregator.js';
import { type Bucket, bucketEdges } from './buckets.js';
import { valueOf } from './functions.js';
import { pieceOf, type SeriesRules } from './piece.js';
import {
  describeSharedCases,
  sharedCase,
  sharedCases,
  sharedSamples,
} from './shared-cases.fixture.js';
import { hourMs } from './time-zone.js';

const gauge: SeriesRules = {
  ...{ kind: 'gauge', interpolation: 'hold', intervalMs: null, rollOver: null },
};
const minute = 60_000;
const dayOfMay = {
  from: Date.parse('2026-05-04T00:00:00Z'),
  to: Date.parse('2026-05-05T00:00:00Z'),
};

interface Cut {
  readonly from: number;
  readonly to: number;
  readonly bucket: Bucket;
  readonly zone?: string;
}

const summarize = (
  file: string,
  rules: SeriesRules,
  cut: (first: number, last: number) => Cut,
): readonly Summary[] => {
  const samples = sharedSamples(file);
  const { bucket, zone = 'UTC', from, to } = cut(samples[0]?.[0] ?? 0, samples.at(-1)?.[0] ?? 0);
  const aggregator = new Aggregator(bucketEdges(bucket, zone, { from, to, most: 1_000 }), rules);
  for (const [at, value] of samples) aggregator.push(pieceOf(at, value));
  return aggregator.end();
};

/** Everything in one bucket. */
const whole = (from: number, last: number): Cut => ({
  ...{ from, to: last + 1, bucket: { widthMs: 2 ** 50 } },
});
const one = (summaries: readonly Summary[]): Summary => {
  const [only] = summaries;
  if (!only || summaries.length > 1) throw new Error('expected one bucket');
  return only;
};

describeSharedCases('shared cases', () => {
  it('takes a total that falls and returns for bad readings', () => {
    const file = 'counter-drops-to-zero-and-returns.csv';
    const summary = one(summarize(file, { ...gauge, kind: 'total' }, whole));
    expect(summary.increase).toBeCloseTo(sharedCase(file).delta, 9);
    expect(summary).toMatchObject({ badReadings: sharedCase(file).bad_readings, resets: 0 });
  });

  it('counts before and after a reset', () => {
    const file = 'counter-really-resets.csv';
    const summary = one(summarize(file, { ...gauge, kind: 'total' }, whole));
    expect(summary.increase).toBeCloseTo(sharedCase(file).delta, 9);
    expect(summary).toMatchObject({ badReadings: 0, resets: sharedCase(file).resets });
  });

  it('lets a net counter fall', () => {
    const file = 'net-counter-may-fall.csv';
    const summary = one(summarize(file, { ...gauge, kind: 'net' }, whole));
    expect(summary.increase).toBeCloseTo(sharedCase(file).delta, 9);
    expect(summary).toMatchObject({ badReadings: 0, resets: sharedCase(file).resets });
  });

  it('weighs values by time, from the sample before the day on', () => {
    const file = 'changes-only.csv';
    const day = (interpolation: 'hold' | 'linear') =>
      one(
        summarize(file, { ...gauge, interpolation }, () => ({
          ...dayOfMay,
          bucket: { unit: 'day' },
        })),
      );
    expect(valueOf('twa', day('hold'))).toBeCloseTo(sharedCase(file).twa_hold, 8);
    expect(valueOf('twa', day('linear'))).toBeCloseTo(sharedCase(file).twa_linear, 8);
    expect(valueOf('avg', day('hold'))).toBeCloseTo(
      sharedCase(file).plain_mean_of_the_days_samples_which_is_no_twa,
      8,
    );
  });

  it('extrapolates nothing', () => {
    const file = 'three-samples-at-noon.csv';
    const day = one(
      summarize(file, { ...gauge, interpolation: 'linear' }, () => ({
        ...dayOfMay,
        bucket: { unit: 'day' },
      })),
    );
    expect(valueOf('twa', day)).toBeCloseTo(sharedCase(file).twa_linear_of_covered, 9);
    expect(valueOf('coverage', day)).toBeCloseTo(sharedCase(file).coverage, 8);
  });

  it('counts no energy in a hole', () => {
    const file = 'three-hours-missing.csv';
    const rules = { ...gauge, intervalMs: minute };
    const by = (bucket: Bucket) => summarize(file, rules, () => ({ ...dayOfMay, bucket }));
    const day = one(by({ unit: 'day' }));
    expect(valueOf('integral', day)).toBeCloseTo(sharedCase(file).energy_kWh, 9);
    expect(day.coveredMs).toBe(sharedCase(file).covered_hours * hourMs);
    const hours = by({ unit: 'hour' });
    expect(hours.map((hour) => valueOf('coverage', hour))).toEqual(
      Array.from({ length: 24 }, (_, hour) => (hour >= 8 && hour < 11 ? 0 : 1)),
    );
    expect(hours.slice(8, 11).map((hour) => valueOf('twa', hour))).toEqual([null, null, null]);
  });

  it.each(sharedCases().filter(({ zone }) => zone !== undefined))(
    'cuts the days and hours of $zone as its clocks go: $file',
    ({ file, zone = '', days, hours }) => {
      const counted = (unit: 'day' | 'hour') =>
        Object.fromEntries(
          summarize(file, gauge, (first, last) => ({
            ...{ from: first, to: last + 15 * minute, bucket: { unit }, zone },
          })).map(({ start, count, sum }) => [new Date(start).toISOString(), { count, sum }]),
        );
      expect(counted('day')).toEqual(days);
      expect(counted('hour')).toEqual(hours);
    },
  );
});
