import type { Position } from '#event-log/event-log.js';
import {
  Expectation,
  integerFrom,
  oneOf,
  type Parser,
  position,
  text,
} from '#http/query-params.js';
import type { Parameters } from '#resource/parameters.js';

import type { NamedRange } from './read-records.js';

const formats = ['json', 'csv', 'ndjson', 'parquet', 'bdf'] as const;

const seconds: Parser<number> = (raw) => {
  const value = /^\d{1,12}(\.\d{1,9})?$/.test(raw) ? Number(raw) : NaN;
  if (Number.isNaN(value)) throw new Expectation('expected seconds of test time, such as 3600.5');
  return value;
};

export interface RecordsQuery extends NamedRange {
  readonly format?: (typeof formats)[number];
  readonly limit?: number;
  readonly cursor?: string;
  readonly after?: Position;
}

export const count = integerFrom(0, 999_999_999_999_999);

export const recordsParameters: Parameters = {
  from: { parse: seconds, description: 'Seconds of test time.', example: '3600' },
  to: { parse: seconds, description: 'Seconds of test time; records at it are among them.' },
  cycle: { parse: count, description: 'As `GET /v1/experiments/{id}/cycles` counts them.' },
  step: { parse: count, description: 'Count of the executed step.' },
  format: { parse: oneOf(...formats), description: 'Other than `json`: all of them as a file.' },
  limit: { parse: integerFrom(1, 10_000), description: '1 to 10,000; 1,000 unless given.' },
  cursor: { parse: text(4096), description: 'The `nextCursor` of the page before.' },
  after: { parse: position, description: 'Wait until this position is visible.' },
};

const { cycle, step, after } = recordsParameters as Record<string, Parameters[string]>;

export const afterParameter = { after } as Parameters;

/** V. */
export const usualBinV = 0.005;
const bins = { least: 0.0005, most: 1 };

const binV: Parser<number> = (raw) => {
  const value = /^\d(\.\d{1,9})?$/.test(raw) ? Number(raw) : NaN;
  if (value >= bins.least && value <= bins.most) return value;
  throw new Expectation(`expected volts from ${String(bins.least)} to ${String(bins.most)}`);
};

export interface DifferentialQuery extends Pick<RecordsQuery, 'cycle' | 'step' | 'after'> {
  readonly direction?: 'charge' | 'discharge';
  readonly bin?: number;
}

export const differentialParameters = {
  cycle,
  step,
  direction: { parse: oneOf('charge', 'discharge'), description: '`charge` unless given.' },
  bin: {
    parse: binV,
    description: `Width of a bin, V; ${String(usualBinV)} unless given.`,
    example: '0.005',
  },
  after,
} as Parameters;
