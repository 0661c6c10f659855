import { createHash } from 'node:crypto';

import { Refusal } from '#kernel/refusal.js';

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
 * since the keys would then point to a meaningless place.
 */
export const encodeCursor = (parts: readonly (string | null)[], context: string): string =>
  Buffer.from(JSON.stringify([fingerprint(context), ...parts])).toString('base64url');

/** The parts of a cursor. Throws a `Refusal` (`invalid`) for a malformed one and for one of another list. */
export const decodeCursor = (text: string, context: string): (string | null)[] => {
  const parsed = text.length <= maxCursorLength ? parseCursor(text) : undefined;
  if (!parsed) throw badCursor('expected the nextCursor of an earlier page, unchanged');
  const [made, ...parts] = parsed;
  if (made !== fingerprint(context)) {
    throw badCursor('this cursor belongs to a query with other filters or another sort order');
  }
  return parts;
};

/** The id that a cursor consists of: a bigint as text. Throws as `decodeCursor`. */
export const decodeIdCursor = (text: string, context: string): string => {
  const [id] = decodeCursor(text, context);
  if (/^\d{1,18}$/.test(id ?? '')) return id ?? '';
  throw badCursor('expected the nextCursor of an earlier page, unchanged');
};

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
