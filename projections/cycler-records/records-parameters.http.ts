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

const formats = ['json', 'csv', 'ndjson', 'parquet', 'bdf'] as const;

const seconds: Parser<number> = (raw) => {
  const value = /^\d{1,12}(\.\d{1,9})?$/.test(raw) ? Number(raw) : NaN;
  if (Number.isNaN(value)) throw new Expectation('expected seconds of test time, such as 3600.5');
  return value;
};

export interface RecordsQuery {
  readonly from?: number;
  readonly to?: number;
  readonly cycle?: number;
  readonly step?: number;
  readonly format?: (typeof formats)[number];
  readonly limit?: number;
  readonly cursor?: string;
  readonly after?: Position;
}

const count = integerFrom(0, Number.MAX_SAFE_INTEGER);

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
