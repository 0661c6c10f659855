import type { Position } from '#event-log/event-log.js';
import {
  Expectation,
  instant,
  integerFrom,
  listOf,
  type Moment,
  moment,
  oneOf,
  type Parser,
  position,
  text,
} from '#http/query-params.js';
import type { Parameters } from '#resource/parameters.js';
import { type Bucket, bucketExpected, parseBucket } from '#series/buckets.js';
import { functions, type SeriesFunction } from '#series/functions.js';
import { isTimeZone } from '#series/time-zone.js';

import { type Fill, fillDescription, fills } from './samples-answer.js';

const mostSeries = 20;

/** From 1970 on, as far as calendars of zones are worth anything. */
const time: Parser<Date> = (raw) => {
  const at = instant(raw);
  if (at.getTime() >= 0 && at.getTime() < Date.UTC(2100, 0)) return at;
  throw new Expectation('expected a time from 1970 to 2099');
};

const seriesNames: Parser<readonly string[]> = (raw) => {
  const names = [...new Set(listOf(text(200))(raw))];
  if (names.length <= mostSeries) return names;
  throw new Expectation(`expected at most ${String(mostSeries)} series`);
};

const bucket: Parser<Bucket> = (raw) => {
  const found = parseBucket(raw);
  if (found) return found;
  throw new Expectation(`expected ${bucketExpected}`);
};

export const timeZone: Parser<string> = (raw) => {
  if (/^[A-Za-z][\w+/-]{0,60}$/.test(raw) && isTimeZone(raw)) return raw;
  throw new Expectation('expected the IANA name of a time zone, such as Europe/Brussels');
};

const someFunctions: Parser<readonly SeriesFunction[]> = (raw) => [
  ...new Set(listOf(oneOf(...functions))(raw)),
];

export const exportFormats = ['json', 'csv', 'ndjson', 'parquet'] as const;

/** How time is chosen and cut. */
export const rangeParameters = {
  from: { parse: time, description: 'First time, included.', example: '2026-05-04T00:00:00Z' },
  to: { parse: time, description: 'Last time, not included.', example: '2026-05-05T00:00:00Z' },
  bucket: {
    parse: bucket,
    description: `${bucketExpected}. A width counts from the Unix epoch. Buckets are cut at \`from\` and \`to\`.`,
    example: '15m',
  },
  tz: {
    parse: timeZone,
    description:
      'Time zone of hours, days, weeks, months and years; that of the site unless given.',
  },
  after: { parse: position, description: 'Wait until this position is visible.' },
  format: { parse: oneOf(...exportFormats) },
} satisfies Parameters;

export const samplesParameters = {
  series: {
    parse: seriesNames,
    description: `Names of up to ${String(mostSeries)} series.`,
    example: 'A.Solar,A.EV',
  },
  ...rangeParameters,
  fn: {
    parse: someFunctions,
    description: `Of ${functions.join(', ')}; \`avg\` unless given.`,
    example: 'avg,max',
  },
  fill: {
    parse: oneOf(...fills),
    description: fillDescription,
  },
  unit: { parse: text(40), description: 'Unit that values are converted to.' },
  asOf: {
    parse: moment,
    description:
      'ISO 8601 time with zone, or `@position`: what was known then, by the rules of then, and from single samples.',
  },
  limit: { parse: integerFrom(1, 10_000), description: 'Samples of a page; 1,000 unless given.' },
  cursor: { parse: text(4096), description: 'The `nextCursor` of the page before.' },
} satisfies Parameters;

export interface RangeQuery {
  readonly from?: Date;
  readonly to?: Date;
  readonly bucket?: Bucket;
  readonly tz?: string;
  readonly after?: Position;
  readonly format?: (typeof exportFormats)[number];
}

export interface SamplesQuery extends RangeQuery {
  readonly series?: readonly string[];
  readonly fn?: readonly SeriesFunction[];
  readonly fill?: Fill;
  readonly unit?: string;
  readonly asOf?: Moment;
  readonly limit?: number;
  readonly cursor?: string;
}
