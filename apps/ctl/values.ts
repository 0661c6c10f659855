import { type Command, Option } from 'commander';
import { Temporal } from 'temporal-polyfill';

import { wallNow } from '#kernel/wall-clock.js';

import { usage } from './exit-codes.js';
import { type Cell, counted, printJson, printTable, write } from './output.js';
import { braillePlot } from './plot.js';

/** Options of commands that read values by time. */
export interface ValueOptions {
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
  readonly bucket?: string;
  readonly fn?: string;
  readonly tz?: string;
  readonly fill?: string;
  readonly unit?: string;
  readonly after?: string;
}

export const withValueOptions = (command: Command): Command =>
  command
    .option(
      '--day <date>',
      'a day at the site, or in --tz, such as 2026-05-04; the last 24 hours unless given',
    )
    .option('--from <time>', 'ISO 8601 with zone')
    .option('--to <time>', 'ISO 8601 with zone; now unless given')
    .option('--bucket <width>', '15m, PT15M, hour, day, week, month or year')
    .option('--fn <list>', 'avg, min, max, sum, count, first, last, twa, delta, integral, coverage')
    .option('--tz <zone>', 'of calendar buckets; that of the site unless given')
    .addOption(
      new Option('--fill <how>', 'what stands where nothing is known').choices([
        ...['none', 'previous', 'linear', 'zero'],
      ]),
    )
    .option('--unit <unit>', 'that values are converted to')
    .option('--after <position>', 'wait until this position is visible');

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** What the API is asked for, by the options. `zoneOf`: where a day is one, unless they say it. */
export const valueQuery = async (
  { day, from, to, ...rest }: ValueOptions,
  zoneOf: () => Promise<string>,
) => {
  if (day === undefined) {
    // A full minute, for which there are roll-ups.
    const end = to ?? new Date(Math.ceil(wallNow() / minuteMs) * minuteMs).toISOString();
    if (Number.isNaN(Date.parse(end)))
      throw usage(
        `--to is "${end}"; expected an ISO 8601 time with zone, such as 2026-02-11T08:00:00Z.`,
      );
    const start = from ?? new Date(Date.parse(end) - dayMs).toISOString();
    return { ...rest, from: start, to: end };
  }
  if (from !== undefined || to !== undefined)
    throw usage('--day says it all: leave --from and --to out.');
  const date = dateOf(day);
  return { ...rest, ...dayIn(date, rest.tz ?? (await zoneOf())) };
};

const dateOf = (day: string): Temporal.PlainDate => {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(day)) return Temporal.PlainDate.from(day);
  } catch {
    // Such as the 30th of February.
  }
  throw usage(`--day is "${day}"; expected a date such as 2026-05-04.`);
};

/** From the first moment of the day to that of the next one: 23 to 25 hours, where the clocks change. */
const dayIn = (date: Temporal.PlainDate, zone: string) => {
  const startOf = (day: Temporal.PlainDate): string => {
    try {
      return day.toZonedDateTime({ timeZone: zone }).toInstant().toString();
    } catch {
      throw usage(`--tz is "${zone}"; expected a time zone such as Europe/Brussels.`);
    }
  };
  const [from, to] = [startOf(date), startOf(date.add({ days: 1 }))];
  if (from !== to) return { from, to };
  throw usage(`--day is "${date.toString()}"; there was no such day in ${zone}.`);
};

export interface BucketAnswer {
  readonly start: string;
  readonly end: string;
  readonly coverage: number | null;
  readonly filled?: readonly string[];
}

/** Buckets of one series or formula, as the API answers them. */
export interface Values {
  readonly title: string;
  readonly unit: string | null;
  readonly units: Readonly<Record<string, string | null>>;
  readonly resolution: readonly string[];
  readonly timeZone: string;
  readonly functions: readonly string[];
  readonly buckets: readonly (BucketAnswer & Readonly<Record<string, unknown>>)[];
}

export const printBuckets = async (all: readonly Values[]): Promise<void> => {
  for (const { title, functions, units, buckets } of all) {
    await write(`${title}\n`);
    const heads = functions.map((fn) => (units[fn] ? `${fn} ${units[fn]}` : fn));
    await printTable(
      ['start', 'end', ...heads, 'coverage'],
      buckets.map((bucket) => [
        ...[bucket.start, bucket.end, ...functions.map((fn) => rounded(bucket[fn]))],
        bucket.coverage === null ? 'unknown' : Number(bucket.coverage.toFixed(4)),
      ]),
    );
  }
};

/** For people; JSON and exports have every digit. */
const rounded = (value: unknown): Cell =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : null;

const size = { width: 72, height: 8 };

/** Each as a picture with its extremes, its time and what is missing of it. */
export const printPlots = async (all: readonly Values[], json: boolean): Promise<void> => {
  if (json) return printJson(all);
  for (const { title, functions, units, buckets, timeZone, resolution } of all) {
    const [fn = 'avg'] = functions;
    const values = buckets.map((bucket) => (bucket[fn] as number | null | undefined) ?? null);
    const missing = values.filter((value) => value === null).length;
    const unit = units[fn] ? `, ${units[fn]}` : '';
    await write(`${title}: ${fn}${unit}\n`);
    if (missing === values.length) {
      await write('Nothing is known of this time.\n');
      continue;
    }
    const lines = braillePlot(values, size);
    await write(`${lines.join('\n')}\n`);
    const margin = ' '.repeat((lines[0]?.length ?? 0) - size.width);
    const [start = '', end = ''] = [buckets[0]?.start, buckets.at(-1)?.end];
    await write(`${margin}${start}${end.padStart(size.width - start.length)}\n`);
    const holes = missing > 0 ? `, ${String(missing)} of them without a value` : '';
    await write(
      `${margin}${counted(values.length, 'bucket')}${holes}; of ${resolution.join(' and ')}; ${timeZone}\n\n`,
    );
  }
};
