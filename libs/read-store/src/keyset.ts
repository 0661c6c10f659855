import type pg from 'pg';

import { decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import { Refusal } from '#kernel/refusal.js';

import { allOf, SqlParameters } from './sql-parameters.js';
import { assertKept, journalNow, lastMove, type WalkStart } from './walk-start.js';

/** What rows can be sorted by. The expression and the type are SQL of ours, never a caller's. */
export interface SortKey {
  readonly expression: string;
  readonly type: 'text' | 'numeric' | 'bigint';
  /** Rows without a value come last, whatever the direction. */
  readonly nullable: boolean;
  /** The column of the list's moves that keeps former values; absent where a row's value never changes. */
  readonly former?: string;
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
  /** The table in which rows are noted before their sort keys change: see `noteMoves`. */
  readonly moves: string;
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

/** With the last move that the row's statement saw. */
type Stamped<R> = R & WalkStart;

/** How a place compares with what lies behind it, and the direction of the rows. */
const orderOf = ({ descending }: Sort) =>
  descending ? (['<', 'desc'] as const) : (['>', 'asc'] as const);

/** Rows behind a place. */
interface Asked {
  readonly place: Place | undefined;
  readonly limit: number;
  /** The last move before the walk began: rows are given as they stood then, instead of as they stand. */
  readonly since?: string;
  /** Whether rows carry the last move that is seen with them. */
  readonly isStamped?: boolean;
}

/**
 * At most `limit` rows behind `place`.
 *
 * Rows with a value are asked for first and, where they do not fill the page, those without one: each
 * statement then follows one index order, and a null needs no place among the values.
 */
const rowsBehind = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  asked: Asked,
): Promise<R[]> => {
  const { place, limit } = asked;
  const rows: R[] = [];
  if (place?.value !== null) {
    rows.push(...(await selectRows<R>(pool, list, 'valued', asked)));
  }
  if (list.sort.key.nullable && rows.length < limit) {
    const behind = place?.value === null ? place : undefined;
    const rest = { ...asked, place: behind, limit: limit - rows.length };
    rows.push(...(await selectRows<R>(pool, list, 'unvalued', rest)));
  }
  return rows;
};

type Part = 'valued' | 'unvalued';

const selectRows = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  part: Part,
  asked: Asked,
): Promise<R[]> => {
  const parameters = new SqlParameters();
  const { id, moves, sort } = list;
  const { former } = sort.key;
  const { since } = asked;
  if (since === undefined || former === undefined) {
    const { rows } = await pool.query<R>(
      selection(list, part, asked, parameters),
      parameters.values,
    );
    return rows;
  }
  // Rows that moved since then stand where they stood: by the value before the first of these moves.
  const later = `${moves} as later where later.move > ${parameters.add(since)}::bigint`;
  const unmoved = selection(list, part, asked, parameters, {
    condition: `not exists (select from ${later} and later.id = ${id})`,
  });
  const moved = selection(list, part, asked, parameters, {
    expression: 'moved.value',
    rowId: 'moved.row_id',
    join: `join (select distinct on (later.id) later.id as row_id, later.${former} as value
                 from ${later} order by later.id, later.move) as moved on moved.row_id = ${id}`,
  });
  const [, direction] = orderOf(sort);
  const { rows } = await pool.query<R>(
    `select * from ((${unmoved}) union all (${moved})) as page
     order by ${part === 'valued' ? `sort_key ${direction}, ` : ''}id ${direction}
     limit ${parameters.add(asked.limit)}`,
    parameters.values,
  );
  return rows;
};

interface Variant {
  readonly expression?: string;
  readonly rowId?: string;
  readonly join?: string;
  readonly condition?: string;
}

const selection = (
  { select, from, id, sort, moves, filter }: ListQuery,
  part: Part,
  { place, limit, isStamped }: Asked,
  parameters: SqlParameters,
  { expression = sort.key.expression, rowId = id, join = '', condition }: Variant = {},
): string => {
  const { key } = sort;
  const conditions = [...filter(parameters), ...(condition === undefined ? [] : [condition])];
  const [compare, direction] = orderOf(sort);
  if (key.nullable) {
    conditions.push(`${expression} is ${part === 'valued' ? 'not null' : 'null'}`);
  }
  if (place?.value === null) {
    conditions.push(`${rowId} ${compare} ${parameters.add(place.id)}`);
  } else if (place) {
    const value = `${parameters.add(place.value)}::${key.type}`;
    conditions.push(`(${expression}, ${rowId}) ${compare} (${value}, ${parameters.add(place.id)})`);
  }
  const order = part === 'valued' ? `${expression} ${direction}, ` : '';
  const stamp = isStamped ? `, ${lastMove(moves)}` : '';
  return `select ${select}, ${expression} as sort_key, (${expression})::text as sort_value${stamp}
     from ${from} ${join}
     where ${allOf(conditions)}
     order by ${order}${rowId} ${direction}
     limit ${parameters.add(limit)}`;
};

const placeOf = ({ sort_value: value, id }: Sorted): Place => ({ value, id });

/**
 * A page of the list. `context` names the list with its filters and its sort: the cursor is bound to it.
 *
 * The pages of one walk show the rows in the order of its start, whatever moves meanwhile, so that
 * those which are there all the time come once each. Throws a `Refusal`: `CURSOR_INVALID`, and
 * `CURSOR_EXPIRED` where that order is not known any more.
 */
export const pageOf = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  { cursor, limit, context }: { cursor: string | undefined; limit: number; context: string },
): Promise<PageOf<R>> => {
  const { key } = list.sort;
  const walk = cursor === undefined ? undefined : walkIn(cursor, context, key);
  const asked = { place: walk?.place, limit: limit + 1 };
  const { rows, start } =
    key.former === undefined
      ? { rows: await rowsBehind<R>(pool, list, asked), start: undefined }
      : await (walk
          ? rowsOfWalk<R>(pool, list, asked, walk.start)
          : firstRows<R>(pool, list, asked));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  const parts = start ? [start.journal, start.move] : [];
  return {
    items,
    nextCursor: more ? encodeCursor([last.sort_value, last.id, ...parts], context) : null,
  };
};

/** How often a first page is read: a rebuilt model takes the place of the old one once in a while. */
const mostReads = 3;

/** A walk that has not begun cannot end: where the tables were replaced meanwhile, they are read again. */
const firstRows = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  asked: Asked,
): Promise<{ rows: R[]; start: WalkStart }> => {
  for (let reads = 1; ; reads += 1) {
    try {
      return await rowsOfWalk<R>(pool, list, asked);
    } catch (error) {
      const isExpired = error instanceof Refusal && error.code === 'CURSOR_EXPIRED';
      if (!isExpired || reads === mostReads) throw error;
    }
  }
};

/** The rows in the order of the walk's start. While nothing has moved since, that is the one they are in. */
const rowsOfWalk = async <R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  asked: Asked,
  begun?: WalkStart,
): Promise<{ rows: R[]; start: WalkStart }> => {
  const still = await rowsBehind<Stamped<R>>(pool, list, { ...asked, isStamped: true });
  const [first] = still;
  const last = still.at(-1);
  // A statement without rows does not tell what it saw: that of the values comes first, the other last.
  const start = begun ?? (first?.sort_value === null ? undefined : first);
  const wasLast =
    still.length === asked.limit || last?.sort_value === null || !list.sort.key.nullable;
  const end = (wasLast ? last : undefined) ?? (await journalNow(pool, list.moves));
  if (start?.journal === end.journal && start.move === end.move) return { rows: still, start };
  const anew = start ?? end;
  const rows = await rowsBehind<R>(pool, list, { ...asked, since: anew.move });
  await assertKept(pool, list.moves, anew);
  return { rows, start: anew };
};

/** Every row, page by page. Exact in a snapshot only: rows that move between two pages are lost or given twice. */
export async function* everyRow<R extends Sorted>(
  pool: Pick<pg.Pool, 'query'>,
  list: ListQuery,
  pageSize = 500,
): AsyncGenerator<R> {
  let place: Place | undefined;
  for (;;) {
    const rows = await rowsBehind<R>(pool, list, { place, limit: pageSize });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    place = placeOf(last);
  }
}

const walkIn = (
  cursor: string,
  context: string,
  { type, nullable, former }: SortKey,
): { readonly place: Place; readonly start: WalkStart | undefined } => {
  const valueType = nullable ? (`${type}?` as const) : type;
  if (former === undefined) {
    const [value, id] = decodeCursor(cursor, context, [valueType, 'text']);
    return { place: { value, id }, start: undefined };
  }
  const shape = [valueType, 'text', 'bigint', 'bigint'] as const;
  const [value, id, journal, move] = decodeCursor(cursor, context, shape);
  return { place: { value, id }, start: { journal, move } };
};
