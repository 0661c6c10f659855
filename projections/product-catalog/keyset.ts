import type pg from 'pg';

import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';

import { allOf, SqlParameters } from './sql-parameters.js';

/** What rows can be sorted by. The expression and the type are SQL of ours, never a caller's. */
export interface SortKey {
  readonly expression: string;
  readonly type: 'text' | 'numeric' | 'bigint';
  /** Rows without a value come last, whatever the direction. */
  readonly nullable: boolean;
}

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** A list as SQL: `filter` adds its values to the parameters and answers the conditions. */
export interface ListQuery {
  readonly select: string;
  readonly from: string;
  /** Unique: tells rows apart that sort alike. */
  readonly id: string;
  readonly sort: Sort;
  readonly filter: (parameters: SqlParameters) => readonly string[];
}

/** The last row that the caller has: the text of its sort key, and its id. */
export interface Place {
  readonly value: string | null;
  readonly id: string;
}

export interface Sorted {
  readonly id: string;
  readonly sort_value: string | null;
}

const orders = { forwards: ['>', 'asc'], backwards: ['<', 'desc'] } as const;

/**
 * At most `limit` rows behind `place`.
 *
 * Rows with a value are asked for first and, where they do not fill the page, those without one: each
 * statement then follows one index order, and a null needs no place among the values.
 */
export const rowsBehind = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  place: Place | undefined,
  limit: number,
): Promise<R[]> => {
  const rows: R[] = [];
  if (place?.value !== null) {
    rows.push(...(await selectRows<R>(pool, list, 'valued', place, limit)));
  }
  if (list.sort.key.nullable && rows.length < limit) {
    const behind = place?.value === null ? place : undefined;
    rows.push(...(await selectRows<R>(pool, list, 'unvalued', behind, limit - rows.length)));
  }
  return rows;
};

const selectRows = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  { select, from, id, sort: { key, descending }, filter }: ListQuery,
  part: 'valued' | 'unvalued',
  place: Place | undefined,
  limit: number,
): Promise<R[]> => {
  const parameters = new SqlParameters();
  const conditions = [...filter(parameters)];
  const [compare, direction] = orders[descending ? 'backwards' : 'forwards'];
  const { expression, type } = key;
  if (key.nullable) {
    conditions.push(`${expression} is ${part === 'valued' ? 'not null' : 'null'}`);
  }
  if (place?.value === null) {
    conditions.push(`${id} ${compare} ${parameters.add(place.id)}`);
  } else if (place) {
    const value = `${parameters.add(place.value)}::${type}`;
    conditions.push(`(${expression}, ${id}) ${compare} (${value}, ${parameters.add(place.id)})`);
  }
  const order = part === 'valued' ? `${expression} ${direction}, ` : '';
  const { rows } = await pool.query<R>(
    `select ${select}, (${expression})::text as sort_value
     from ${from}
     where ${allOf(conditions)}
     order by ${order}${id} ${direction}
     limit ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows;
};

const placeOf = ({ sort_value: value, id }: Sorted): Place => ({ value, id });

/** A page of the list. `context` names the list with its filters and its sort: the cursor is bound to it. */
export const pageOf = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  { cursor, limit, context }: { cursor: string | undefined; limit: number; context: string },
): Promise<PageOf<R>> => {
  const place = cursor === undefined ? undefined : placeIn(cursor, context, list.sort.key);
  const rows = await rowsBehind<R>(pool, list, place, limit + 1);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items,
    nextCursor: more ? encodeCursor([last.sort_value, last.id], context) : null,
  };
};

/** Every row, page by page. Exact in a snapshot only: rows that move between two pages are lost or given twice. */
export async function* everyRow<R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  pageSize = 500,
): AsyncGenerator<R> {
  let place: Place | undefined;
  for (;;) {
    const rows = await rowsBehind<R>(pool, list, place, pageSize);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    place = placeOf(last);
  }
}

const placeIn = (cursor: string, context: string, { type, nullable }: SortKey): Place => {
  const [value, id] = decodeCursor(cursor, context, [nullable ? `${type}?` : type, 'text']);
  return { value, id };
};
