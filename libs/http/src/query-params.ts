import type { Position } from '#event-log/event-log.js';
import { parsePosition } from '#event-log/position.js';
import { instantExpected, isDay, parseInstant } from '#kernel/instant.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';

import { unstorable } from './storable-text.js';

/** What OpenAPI says of a parameter. */
interface ParameterSchema {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly enum?: string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Turns the text of one parameter into its value; throws an `Expectation` (or a `Refusal`) for anything else. */
export interface Parser<T> {
  (text: string): T;
  /** A string where it is absent. */
  readonly schema?: ParameterSchema;
}

const described = <T>(schema: ParameterSchema, parse: (text: string) => T): Parser<T> =>
  Object.assign(parse, { schema });

/** What a parameter should have been: `expected ...`. */
export class Expectation extends Error {
  override readonly name = 'Expectation';
}

export type Parsers = Readonly<Record<string, Parser<unknown>>>;
export type Parsed<P extends Parsers> = {
  readonly [K in keyof P]?: ReturnType<P[K]>;
};

/**
 * Reads query parameters against an allow-list.
 *
 * Throws one `Refusal` (`QUERY_INVALID`) that names every parameter that is unknown, repeated or
 * malformed: a filter that was ignored would answer another request than the one that was made.
 */
export const readQuery = <P extends Parsers>(
  query: Readonly<Record<string, unknown>>,
  allowed: P,
): Parsed<P> => {
  const errors: FieldError[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(query)) {
    const parser = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
    if (!parser) {
      errors.push({ pointer: `?${name}`, reason: unknownReason(allowed) });
    } else if (typeof raw !== 'string') {
      errors.push({ pointer: `?${name}`, reason: 'given more than once' });
    } else {
      const result = parseOne(name, raw, parser);
      if ('errors' in result) errors.push(...result.errors);
      else values[name] = result.value;
    }
  }
  if (errors.length > 0) throw queryInvalid(errors);
  return values as Parsed<P>;
};

export const queryInvalid = (errors: readonly FieldError[]) =>
  new Refusal('QUERY_INVALID', 'invalid', 'the query is not acceptable', { errors });

const unknownReason = (allowed: Parsers): string => {
  const names = Object.keys(allowed);
  return names.length === 0
    ? 'unknown parameter; none is known here'
    : `unknown parameter; known are ${names.join(', ')}`;
};

const parseOne = (
  name: string,
  raw: string,
  parser: Parser<unknown>,
): { value: unknown } | { errors: readonly FieldError[] } => {
  const pointer = `?${name}`;
  const reason = unstorable(raw);
  if (reason !== undefined) return { errors: [{ pointer, reason }] };
  try {
    return { value: parser(raw) };
  } catch (error) {
    if (error instanceof Expectation) return { errors: [{ pointer, reason: error.message }] };
    if (error instanceof Refusal) {
      return { errors: error.details.errors ?? [{ pointer, reason: error.message }] };
    }
    throw error;
  }
};

const expect = (holds: boolean, expectation: string): void => {
  if (!holds) throw new Expectation(`expected ${expectation}`);
};

/** Line ends too: what is shown in one line of a log, a table or a terminal must not begin another one. */
const controlCharacter = /[\p{Cc}\u2028\u2029]/u;

/** One line of 1 to `max` characters, 500 unless given. */
export const text =
  (max = 500): Parser<string> =>
  (raw) => {
    expect(raw.length >= 1 && raw.length <= max, `1 to ${String(max)} characters`);
    expect(!controlCharacter.test(raw), 'text without control characters');
    return raw;
  };

export const boolean = described({ type: 'boolean' }, (raw): boolean => {
  expect(raw === 'true' || raw === 'false', 'true or false');
  return raw === 'true';
});

/** An integer from `min` to `max`, both included. */
export const integerFrom = (min: number, max: number): Parser<number> =>
  described({ type: 'integer', minimum: min, maximum: max }, (raw) => {
    const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : NaN;
    expect(value >= min && value <= max, `an integer from ${String(min)} to ${String(max)}`);
    return value;
  });

/** A decimal number, kept as text so that no digit is lost. */
export const decimal: Parser<string> = (raw) => {
  expect(/^-?\d{1,30}(\.\d{1,30})?$/.test(raw), 'a decimal number such as 13.5');
  return raw;
};

export const oneOf = <T extends string>(...choices: readonly T[]): Parser<T> =>
  described({ type: 'string', enum: [...choices] }, (raw) => {
    const found = choices.find((choice) => choice === raw);
    if (found === undefined) throw new Expectation(`expected one of ${choices.join(', ')}`);
    return found;
  });

/** One or more values separated by commas. */
export const listOf =
  <T>(item: Parser<T>): Parser<readonly T[]> =>
  (raw) =>
    raw.split(',').map(item);

/** A UUID in lower case; undefined for any other text. */
export const asUuid = (raw: string): string | undefined =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(raw) ? raw.toLowerCase() : undefined;

export const uuid: Parser<string> = (raw) => {
  const id = asUuid(raw);
  if (id === undefined) throw new Expectation('expected a UUID');
  return id;
};

const maxBigint = 2n ** 63n - 1n;

/** Whether a text is a number from 0 to 2^63 - 1: Postgres and the event store hold no larger one. */
export const isBigint = (raw: string): boolean =>
  /^\d{1,19}$/.test(raw) && BigInt(raw) <= maxBigint;

/** A position of the log as a decimal string, such as a write's `position`: `?after=1234`. */
export const position: Parser<Position> = (raw) => {
  expect(isBigint(raw), 'a position such as 1234');
  return parsePosition(raw);
};

/** An instant in ISO 8601 with a zone, to the millisecond. */
export const instant: Parser<Date> = (raw) => {
  const at = parseInstant(raw);
  expect(at !== undefined, instantExpected);
  return new Date(at ?? 0);
};

/** A day that exists, kept as text: `2026-02-11`. */
export const day: Parser<string> = (raw) => {
  expect(isDay(raw) && !raw.startsWith('0000'), 'a day such as 2026-02-11');
  return raw;
};

/** A moment of the log: by the clock, or a position in it. */
export type Moment = { readonly at: Date } | { readonly position: Position };

/** `?asOf=2026-02-11T08:00:00Z` or `?asOf=@1234`. */
export const moment: Parser<Moment> = (raw) => {
  const digits = raw.startsWith('@') ? raw.slice(1) : '';
  if (isBigint(digits)) return { position: parsePosition(digits) };
  const at = parseInstant(raw);
  if (at === undefined) throw new Expectation(`expected ${instantExpected}, or @ and a position`);
  return { at: new Date(at) };
};
