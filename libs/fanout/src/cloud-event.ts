import { isUtf8 } from 'node:buffer';

import type { IHeaders } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';
import { parseInstant } from '#kernel/instant.js';

import type { Fact } from './fact.js';

/** A fact as a Kafka record: CloudEvents 1.0 in binary mode, by its key. */
export interface FactRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as kafkajs hands it out: by whomever it was written, and not believed. */
export interface ReceivedRecord {
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders | undefined;
}

/** This is none of our records, or one that was damaged. The message says what is wrong with which part. */
export class NotAFact extends Error {
  override readonly name = 'NotAFact';
}

/** More than the event store takes in one event. */
const maxValueBytes = 16 * 1024 * 1024;
const maxPosition = 2n ** 63n - 1n;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// eslint-disable-next-line no-control-regex -- what is refused
const controls = /[\u0000-\u001f\u007f-\u009f]/;
const maxText = 1_000;
/** Days beyond the 28th are compared with the month. Postgres knows no year 0. */
const utc =
  /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
const decimal = /^(0|[1-9]\d{0,18})$/;
const json = 'application/json';
const specversion = '1.0';

/**
 * The record of a fact. Throws `NotAFact` for what `toFact` would refuse in the headers, such as an
 * event without times, which others wrote into the log: nothing goes to the topic that its readers
 * cannot take.
 */
export const toRecord = (fact: Fact): FactRecord => {
  const { stream, traceparent, position } = fact;
  // A literal without spreads: this is done for every event that there ever was.
  const headers: Record<string, string> = {
    'content-type': json,
    ce_specversion: specversion,
    ce_type: text('ce_type', fact.type),
    ce_id: checkedId(fact.id),
    ce_source: text('ce_source', stream),
    ce_time: instant('ce_time', fact.occurredAt),
    voltrace_revision: fact.revision.toString(),
    voltrace_position: shownPosition(position),
    voltrace_recorded_at: instant('voltrace_recorded_at', fact.recordedAt),
    voltrace_correlation_id: text('voltrace_correlation_id', fact.correlationId),
    voltrace_causation_id: text('voltrace_causation_id', fact.causationId),
  };
  if (traceparent !== undefined) headers['ce_traceparent'] = text('ce_traceparent', traceparent);
  return { key: text('the key', fact.key), value: Buffer.from(JSON.stringify(fact.data)), headers };
};

/** The fact of a record. Throws `NotAFact`, and nothing else, for anything that `toRecord` did not make. */
export const toFact = (record: ReceivedRecord): Fact => {
  const headers = headersOf(record.headers ?? {});
  const id = checkedId(headers.ce_id);
  const type = text('ce_type', headers.ce_type);
  const stream = text('ce_source', headers.ce_source);
  const key = text('the key', textOf('the key', record.key));
  const { ce_traceparent: traceparent } = headers;
  return {
    id,
    type,
    stream,
    key,
    revision: number('voltrace_revision', headers.voltrace_revision),
    position: readPosition(headers.voltrace_position),
    occurredAt: instant('ce_time', headers.ce_time),
    recordedAt: instant('voltrace_recorded_at', headers.voltrace_recorded_at),
    correlationId: text('voltrace_correlation_id', headers.voltrace_correlation_id),
    causationId: text('voltrace_causation_id', headers.voltrace_causation_id),
    ...(traceparent !== undefined && { traceparent: text('ce_traceparent', traceparent) }),
    data: dataOf(record.value),
  };
};

/** Of all that a reader needs; what else a record carries is ignored. */
const known = [
  'content-type',
  'ce_id',
  'ce_type',
  'ce_source',
  'ce_time',
  'ce_specversion',
  'ce_traceparent',
  'voltrace_revision',
  'voltrace_position',
  'voltrace_recorded_at',
  'voltrace_correlation_id',
  'voltrace_causation_id',
] as const;
type Headers = Partial<Record<(typeof known)[number], string>>;

const headersOf = (given: IHeaders): Headers => {
  const headers: Headers = {};
  for (const name of known) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (Array.isArray(value)) throw new NotAFact(`${name} is there more than once`);
    if (value !== undefined) headers[name] = textOf(name, value);
  }
  if (headers['content-type'] !== json) {
    throw new NotAFact(`content-type is ${shown(headers['content-type'])}, not ${json}`);
  }
  if (headers.ce_specversion !== specversion) {
    throw new NotAFact(`ce_specversion is ${shown(headers.ce_specversion)}, not ${specversion}`);
  }
  return headers;
};

const dataOf = (value: Buffer | null): Fact['data'] => {
  if (value === null) throw new NotAFact('the value is missing');
  if (value.length > maxValueBytes) {
    throw new NotAFact(`the value has ${String(value.length)} bytes, more than an event can have`);
  }
  const data = parsed(textOf('the value', value));
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new NotAFact('the value is JSON, but no object');
  }
  return data as Fact['data'];
};

const parsed = (value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    throw new NotAFact('the value is not JSON');
  }
};

const textOf = (part: string, value: Buffer | string | null | undefined): string => {
  if (value === null || value === undefined) throw new NotAFact(`${part} is missing`);
  if (typeof value === 'string') return value;
  if (!isUtf8(value)) throw new NotAFact(`${part} is not UTF-8`);
  return value.toString();
};

const text = (part: string, value: string | undefined): string => {
  const length = value?.length ?? 0;
  if (value !== undefined && length > 0 && length <= maxText && !controls.test(value)) return value;
  throw new NotAFact(
    `${part} is ${shown(value)}, not 1 to ${String(maxText)} characters without control characters`,
  );
};

const checkedId = (value: string | undefined): string => {
  if (value !== undefined && uuid.test(value)) return value;
  throw new NotAFact(`ce_id is ${shown(value)}, not a UUID in lower case`);
};

const instant = (part: string, value: string | undefined): string => {
  if (value !== undefined && utc.test(value)) {
    const everyMonthHasThatDay = value.slice(8, 10) <= '28';
    if (everyMonthHasThatDay || parseInstant(value) !== undefined) return value;
  }
  throw new NotAFact(`${part} is ${shown(value)}, not an ISO 8601 time in UTC`);
};

const number = (part: string, value: string | undefined): bigint => {
  const read = value !== undefined && decimal.test(value) ? BigInt(value) : maxPosition + 1n;
  if (read <= maxPosition) return read;
  throw new NotAFact(`${part} is ${shown(value)}, not a whole number of 64 bits`);
};

/** Commit and prepare are one number in what our own writers append. */
const shownPosition = ({ commit, prepare }: Position): string =>
  commit === prepare ? commit.toString() : `${commit.toString()}/${prepare.toString()}`;

const readPosition = (value: string | undefined): Position => {
  const [commit, prepare = commit, more] = value?.split('/', 3) ?? [];
  if (more !== undefined) throw new NotAFact(`voltrace_position is ${shown(value)}`);
  return {
    commit: number('voltrace_position', commit),
    prepare: number('voltrace_position', prepare),
  };
};

const shown = (value: string | undefined): string =>
  value === undefined ? 'missing' : JSON.stringify(value.slice(0, 100));
