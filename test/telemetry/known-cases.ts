import { expect } from 'vitest';

import type { DeviceReading } from './device-reading.js';
import type { SendOptions } from './samples-system.js';

type Found = Readonly<Record<string, unknown>>;

/** What a case of `expected.json` says, by field. */
export type Expected = Found & { readonly file: string; readonly zone?: string };

/** How a case is sent and read. */
export interface KnownCase {
  /** Sent one after the other; the case's own file once unless said otherwise. */
  readonly files?: readonly string[];
  /** The series that the one value of each row is of: sent as each of them. `v` unless given. */
  readonly as?: readonly string[];
  readonly options?: SendOptions;
  /** How series are declared, a series of numbers each. */
  readonly declared?: Readonly<Record<string, object>>;
  /** What the fields of `expected.json` are by the API, with what `says` names. */
  readonly find: (read: DeviceReading, expected: Expected) => Promise<Found>;
  /** What the case says in words alone. */
  readonly says?: Found;
  /** Fields that are not looked at, and why. */
  readonly unchecked?: Readonly<Record<string, string>>;
}

/** Of every case. */
export const neverChecked = {
  file: 'names the case',
  kind: 'says in words how the series is declared',
  right: 'says in words what the other fields, and `says` here, tell in numbers',
};

const year = 'from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&bucket=year';
const dayOfMay = 'from=2026-05-04T00:00:00Z&to=2026-05-05T00:00:00Z';
const quarterMs = 900_000;

const ofCounter = async (read: DeviceReading): Promise<Found> => {
  const { buckets, resets = 0, badReadings = 0 } = await read.buckets(`${year}&fn=delta`);
  return { delta: buckets[0]?.['delta'], resets, bad_readings: badReadings };
};

const ofClocks: KnownCase = {
  declared: { v: {} },
  find: async (read, { zone }) => {
    const samples = await read.samples();
    const [first, last] = [samples[0]?.at ?? '', samples.at(-1)?.at ?? ''];
    const to = new Date(Date.parse(last) + quarterMs).toISOString();
    const by = async (bucket: string) => {
      const range = `from=${first}&to=${to}&tz=${String(zone)}`;
      const { buckets, timeZone } = await read.buckets(`${range}&bucket=${bucket}&fn=count,sum`);
      const shown = buckets.map(({ start, count, sum }) => [start, { count, sum }] as const);
      return { timeZone, buckets: Object.fromEntries(shown) };
    };
    const [days, hours] = [await by('day'), await by('hour')];
    return { zone: days.timeZone, days: days.buckets, hours: hours.buckets };
  },
};

const valuesOf = async (read: DeviceReading): Promise<readonly unknown[]> =>
  (await read.samples()).map(({ value }) => value);

const byMinute = async (read: DeviceReading, series: string): Promise<Found> =>
  Object.fromEntries(
    (await read.samples(series)).map(({ at, value }) => [at.slice(11, 16), value]),
  );

const notNumber = expect.stringMatching(/^expected a number, as the series holds/) as unknown;
const asText = (count: number): readonly unknown[] =>
  Array.from(
    { length: count },
    () => expect.stringContaining('only where the mapping says so') as unknown,
  );

export const knownCases: Readonly<Record<string, KnownCase>> = {
  'counter-drops-to-zero-and-returns.csv': {
    declared: { v: { kind: 'total', unit: 'kWh' } },
    find: ofCounter,
    says: { resets: 0 },
    unchecked: { wrong_if_taken_for_a_reset: 'is the wrong answer: `delta` is the right one' },
  },
  'counter-really-resets.csv': {
    declared: { v: { kind: 'total', unit: 'kWh' } },
    find: ofCounter,
    says: { bad_readings: 0 },
  },
  'net-counter-may-fall.csv': {
    declared: { v: { kind: 'net', unit: 'kWh' } },
    find: ofCounter,
    // The answer of a series that may fall names no resets at all.
    says: { bad_readings: 0 },
  },
  'changes-only.csv': {
    as: ['v', 'line'],
    declared: { v: { interpolation: 'hold' }, line: { interpolation: 'linear' } },
    find: async (read) => {
      const query = `${dayOfMay}&bucket=day&fn=twa,avg,min,max`;
      const [held, line] = [await read.buckets(query), await read.buckets(query, 'line')];
      return {
        twa_hold: held.buckets[0]?.['twa'],
        twa_linear: line.buckets[0]?.['twa'],
        plain_mean_of_the_days_samples_which_is_no_twa: held.buckets[0]?.['avg'],
        rules: [held.interpolation, line.interpolation],
      };
    },
    says: { rules: ['hold', 'linear'] },
  },
  'three-samples-at-noon.csv': {
    declared: { v: { interpolation: 'linear' } },
    find: async (read) => {
      const { buckets } = await read.buckets(`${dayOfMay}&bucket=day&fn=twa`);
      return { twa_linear_of_covered: buckets[0]?.['twa'], coverage: buckets[0]?.coverage };
    },
  },
  'three-hours-missing.csv': {
    declared: { v: { unit: 'kW', interpolation: 'hold', intervalMs: 60_000 } },
    find: async (read) => {
      const day = await read.buckets(`${dayOfMay}&bucket=day&fn=integral&unit=kWh`);
      const { buckets } = await read.buckets(`${dayOfMay}&bucket=hour&fn=avg,twa,integral`);
      const values = buckets.map(({ avg, twa, integral, coverage }) => ({
        avg,
        twa,
        integral,
        coverage,
      }));
      const [before, ...hole] = values.slice(7, 11);
      return {
        energy_kWh: day.buckets[0]?.['integral'],
        covered_hours: (day.buckets[0]?.coverage ?? 0) * 24,
        ...{ before, hole },
      };
    },
    says: {
      before: { avg: 2, twa: 2, integral: 2, coverage: 1 },
      hole: Array.from({ length: 3 }, () => ({
        avg: null,
        twa: null,
        integral: null,
        coverage: 0,
      })),
    },
  },
  'day-of-25-hours.csv': ofClocks,
  'day-of-23-hours.csv': ofClocks,
  'day-without-midnight.csv': ofClocks,
  'half-hour-of-summer-time.csv': ofClocks,
  'offset-of-45-minutes.csv': ofClocks,
  'batch-in-any-order.csv': {
    // However often it is sent.
    files: ['batch-in-any-order.csv', 'batch-in-any-order.csv'],
    find: async (read) => {
      const latest = await read.latest();
      const { accepted } = await read.counted();
      return { latest: latest?.value, latest_time: latest?.at, accepted };
    },
    says: { accepted: 4 },
  },
  'overlapping-batches.1.csv': {
    files: ['overlapping-batches.1.csv', 'overlapping-batches.2.csv'],
    find: async (read) => {
      const { duplicates, conflicts } = await read.counted();
      return { samples: (await read.samples()).length, duplicates, conflicts };
    },
    says: { conflicts: 0 },
  },
  'same-time-other-value.2.csv': {
    files: ['same-time-other-value.1.csv', 'same-time-other-value.2.csv'],
    find: async (read) => {
      const { conflicts, duplicates } = await read.counted();
      const samples = await read.samples();
      const kept = samples.find(({ at }) => at === '2026-06-04T12:00:50.000Z')?.value;
      return { conflicts, duplicates, value_kept: kept, samples: samples.length };
    },
    says: { samples: 20 },
  },
  'clock-was-in-2099.csv': {
    find: async (read) => {
      const { samples: quarantined, reasons } = await read.quarantined();
      const latest = (await read.latest())?.value;
      return { samples: (await read.samples()).length, quarantined, latest, reasons };
    },
    says: { reasons: [expect.stringContaining('more than a day ahead')] },
  },
  'times-in-other-units.ndjson': {
    find: async (read) => {
      const { samples: quarantined, reasons } = await read.quarantined();
      const samples = await read.samples();
      return { taken: samples.length, quarantined, times: samples.map(({ at }) => at), reasons };
    },
    says: {
      times: ['2026-01-01T00:01:00.000Z', '2026-01-01T00:06:00.000Z'],
      reasons: [
        expect.stringMatching(/before 2000; it looks like seconds$/),
        expect.stringMatching(/ahead of the server; it looks like microseconds$/),
        expect.stringMatching(/ahead of the server; it looks like nanoseconds$/),
        expect.stringMatching(/it looks like seconds as text$/),
        expect.stringMatching(/it looks like a time without a zone$/),
      ],
    },
  },
  'values-in-other-forms.ndjson': {
    declared: { v: {} },
    find: async (read) => {
      const { samples: quarantined, reasons } = await read.quarantined();
      return { values: await valuesOf(read), quarantined, reasons };
    },
    says: {
      values: [0, 1e308, 5e-324],
      quarantined: 8,
      reasons: [...asText(4), notNumber, ...asText(2), expect.stringContaining('2^53')],
    },
  },
  'batch-with-changing-keys.ndjson': {
    options: { asOneMessage: true },
    find: async (read) => ({
      ...{
        a: await byMinute(read, 'a'),
        b: await byMinute(read, 'b'),
        c: await byMinute(read, 'c'),
      },
      quarantined: (await read.quarantined()).samples,
    }),
    says: { quarantined: 0 },
  },
};
