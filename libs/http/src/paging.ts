import { createHash } from 'node:crypto';

import { parseInstant } from '#kernel/instant.js';
import { Refusal } from '#kernel/refusal.js';

import { isBigint } from './query-params.js';
import { unstorable } from './storable-text.js';

/** A page of a list. `nextCursor` is null on the last one. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A cursor longer than this was not made by us. */
const maxCursorLength = 4096;

const fingerprint = (context: string): string =>
  createHash('sha256').update(context).digest('base64url').slice(0, 11);

/**
 * A keyset cursor: the sort keys of a page's last row.
 *
 * `context` names what the cursor belongs to (list, filters, sort): with another one it is refused,
 * since the keys would then name a meaningless position.
 */
export const encodeCursor = (keys: readonly (string | null)[], context: string): string =>
  Buffer.from(JSON.stringify([fingerprint(context), ...keys])).toString('base64url');

/** What Postgres could not read as a value of the part's type would fail there as a bug. */
const parts = {
  text: () => true,
  bigint: isBigint,
  numeric: (part: string) => /^-?\d{1,60}(\.\d{1,60})?$/.test(part),
  day: (part: string) =>
    parseInstant(`${part}T00:00:00Z`) !== undefined && !part.startsWith('0000'),
};

type PartType = keyof typeof parts;
/** The type of one part, with a question mark where it may be null. */
export type CursorPart = PartType | `${PartType}?`;

/** Of each part what it is compared with, such as `'bigint', 'text?'`. */
type PartsOf<Shape extends readonly CursorPart[]> = {
  [K in keyof Shape]: Shape[K] extends PartType ? string : string | null;
};

/**
 * The parts of a cursor, each of the type that `shape` says.
 *
 * Throws a `Refusal` (`invalid`) for a malformed one and for one of another list.
 */
export const decodeCursor = <const Shape extends readonly CursorPart[]>(
  text: string,
  context: string,
  shape: Shape,
): PartsOf<Shape> => {
  const parsed = text.length <= maxCursorLength ? parseCursor(text) : undefined;
  if (!parsed) throw badCursor('expected the nextCursor of an earlier page, unchanged');
  const [made, ...found] = parsed;
  if (made !== fingerprint(context)) {
    throw badCursor('this cursor belongs to a query with other filters or another sort order');
  }
  if (found.length === shape.length && shape.every((type, i) => isOfType(found[i] ?? null, type))) {
    return found as PartsOf<Shape>;
  }
  throw badCursor('expected the nextCursor of an earlier page, unchanged');
};

const isOfType = (part: string | null, type: CursorPart): boolean =>
  part === null ? type.endsWith('?') : parts[type.replace('?', '') as PartType](part);

const parseCursor = (text: string): (string | null)[] | undefined => {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parsed) && parsed.every(isPart) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** A cursor is input: what Postgres cannot store is refused here, not there. */
const isPart = (part: unknown): part is string | null =>
  part === null || (typeof part === 'string' && unstorable(part) === undefined);

const badCursor = (reason: string) =>
  new Refusal('CURSOR_INVALID', 'invalid', 'the cursor is not acceptable', {
    errors: [{ pointer: '?cursor', reason }],
  });

export interface LimitOptions {
  /** 100 unless given. */
  readonly default?: number;
  /** 1,000 unless given. */
  readonly max?: number;
}

/** The page size asked for. Throws a `Refusal` (`invalid`) unless it is an integer from 1 to `max`. */
export const parseLimit = (raw: unknown, options: LimitOptions = {}): number => {
  const { default: otherwise = 100, max = 1000 } = options;
  if (raw === undefined) return otherwise;
  const limit = typeof raw === 'string' && /^\d{1,9}$/.test(raw) ? Number(raw) : NaN;
  if (limit >= 1 && limit <= max) return limit;
  throw new Refusal('QUERY_INVALID', 'invalid', 'the query is not acceptable', {
    errors: [{ pointer: '?limit', reason: `expected an integer from 1 to ${String(max)}` }],
  });
};
