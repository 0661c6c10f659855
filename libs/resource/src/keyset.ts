import { type CursorPart, decodeCursor, encodeCursor, type PageOf } from '#http/paging.js';
import { Refusal } from '#kernel/refusal.js';
import { prepared } from '#read-store/prepared.js';

import { allOf, type Condition, type Queryable, SqlParameters } from './sql.js';
import { assertKept, journalNow, lastMove, type WalkStart } from './walk-start.js';

/** A row with the columns that were selected, `key_<n>` for each key of the order among them. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * What rows are sorted by. The expression is SQL of ours, never a caller's; a column carries its table
 * where `select` gives its name to something else.
 */
export interface SortKey {
  readonly expression: string;
  readonly type: 'text' | 'numeric' | 'bigint' | 'day';
  readonly descending?: boolean;
  /** Of a first key: rows without a value come last, whatever the direction. */
  readonly nullable?: boolean;
  /** Of a first key: the column of `moves` that keeps former values; absent where a row's value never changes. */
  readonly former?: string;
}

/** A list as SQL. */
export interface RowList {
  readonly select: string;
  /** With what `start` selected at the beginning of the walk. */
  readonly from: string | ((sql: SqlParameters, start: string) => string);
  readonly where: readonly Condition[];
  /** No two rows agree in all of these. */
  readonly order: readonly [SortKey, ...SortKey[]];
  /** The table in which rows are noted, by the last key, before their first key changes: see `noteMoves`. */
  readonly moves?: string | undefined;
  /** Selects one `bigint` that fixes the order of a walk, where `from` makes the keys of it. */
  readonly start?: string | undefined;
}

/** The keys of the last row that the caller has. */
type RowKey = readonly (string | null)[];

/** Rows after a row. */
interface Wanted {
  readonly after: RowKey | undefined;
  readonly limit: number;
  readonly start?: string;
  /** The last move before the walk began: rows are given in the order that they had then, instead of the one they have now. */
  readonly since?: string;
  /** Whether rows carry the last move that is seen with them. */
  readonly isStamped?: boolean;
}

/**
 * At most `limit` rows after the row `after`.
 *
 * Rows with a first key are selected first and, where they do not fill the page, those without one:
 * each statement then follows one index order, and a null needs no order among the values.
 */
const rowsBehind = async (pool: Queryable, list: RowList, wanted: Wanted): Promise<Row[]> => {
  const { after, limit } = wanted;
  const rows = after?.[0] === null ? [] : await selectRows(pool, list, 'valued', wanted);
  if (list.order[0].nullable && rows.length < limit) {
    const behind = after?.[0] === null ? after : undefined;
    const rest = { ...wanted, after: behind, limit: limit - rows.length };
    rows.push(...(await selectRows(pool, list, 'unvalued', rest)));
  }
  return rows;
};

type Part = 'valued' | 'unvalued';

const selectRows = async (
  pool: Queryable,
  list: RowList,
  part: Part,
  wanted: Wanted,
): Promise<Row[]> => {
  const sql = new SqlParameters();
  const selected = wanted.since === undefined ? selection : selectionSince;
  const text = selected(list, part, wanted, sql);
  const { rows } = await pool.query<Row>(prepared(text, sql.values));
  return rows;
};

const selection = (
  { select, from, where, order, moves }: RowList,
  part: Part,
  { after, limit, start = '', isStamped }: Wanted,
  sql: SqlParameters,
): string => {
  const [first] = order;
  const conditions = [...where];
  if (first.nullable) {
    conditions.push(() => `${first.expression} is ${part === 'valued' ? 'not null' : 'null'}`);
  }
  // Those without a value of the first key are in the order of the others.
  const skipped = part === 'valued' ? 0 : 1;
  const keys = order.slice(skipped);
  if (after) conditions.push((sql) => behind(keys, after.slice(skipped), sql));
  const columns = order.map(
    ({ expression, type }, n) => `${expression}${type === 'day' ? '::text' : ''} as key_${n}`,
  );
  return `select ${[select, ...columns, ...(isStamped && moves ? [lastMove(moves)] : [])].join(', ')}
     from ${fromOf(from, sql, start)}
     where ${allOf(conditions, sql)}
     order by ${keys.map((key) => `${key.expression} ${directionOf(key)}`).join(', ')}
     limit ${sql.add(limit)}`;
};

const fromOf = (from: RowList['from'], sql: SqlParameters, start: string): string =>
  typeof from === 'string' ? from : from(sql, start);

const directionOf = ({ descending }: SortKey): string => (descending ? 'desc' : 'asc');

/** Whether a row comes after another: keys that follow each other in one direction compare as one. */
const behind = (order: readonly SortKey[], after: RowKey, sql: SqlParameters): string => {
  const turn = order.findIndex(({ descending }) => !descending !== !order[0]?.descending);
  const run = order.slice(0, turn < 0 ? order.length : turn);
  const keys = `(${run.map(({ expression }) => expression).join(', ')})`;
  const types = run.map(({ type }) => (type === 'day' ? 'date' : type));
  const values = `(${types.map((type, n) => `${sql.add(after[n])}::${type}`).join(', ')})`;
  const isBehind = `${keys} ${run[0]?.descending ? '<' : '>'} ${values}`;
  if (turn < 0) return isBehind;
  const rest = behind(order.slice(turn), after.slice(turn), sql);
  return `(${isBehind} or (${keys} = ${values} and ${rest}))`;
};

/** Rows that moved since then stay where they were: by the value before the first of these moves. */
const selectionSince = (list: RowList, part: Part, wanted: Wanted, sql: SqlParameters): string => {
  const [first, ...others] = list.order;
  const id = others.at(-1)?.expression ?? '';
  const later = `${list.moves ?? ''} as later where later.move > ${sql.add(wanted.since)}::bigint`;
  const isUnmoved = () => `not exists (select from ${later} and later.id = ${id})`;
  const unmoved = { ...list, where: [...list.where, isUnmoved] };
  const moved: RowList = {
    ...list,
    from: (...context) => `${fromOf(list.from, ...context)}
       join (select distinct on (later.id) later.id as moved_id, later.${first.former ?? ''} as former
               from ${later} order by later.id, later.move) as moved on moved.moved_id = ${id}`,
    order: [{ ...first, expression: 'moved.former' }, ...others],
  };
  const order = list.order.map((key, n) => `key_${n} ${directionOf(key)}`);
  return `select * from ((${selection(unmoved, part, wanted, sql)})
                union all (${selection(moved, part, wanted, sql)})) as page
     order by ${order.slice(part === 'valued' ? 0 : 1).join(', ')}
     limit ${sql.add(wanted.limit)}`;
};

const rowKeyOf = ({ order }: RowList, row: Row): RowKey =>
  order.map((_, n) => row[`key_${n}`] as string | null);

/**
 * A page of the list. `context` names the list with its filters and its sort: the cursor is bound to it.
 *
 * The pages of one walk show the rows in the order of its start, whatever moves meanwhile, so that
 * those which are there all the time come once each. Throws a `Refusal`: `CURSOR_INVALID`, and
 * `CURSOR_EXPIRED` where that order is not known any more.
 */
export const pageOf = async (
  pool: Queryable,
  list: RowList,
  { cursor, limit, context }: { cursor: string | undefined; limit: number; context: string },
): Promise<PageOf<Row>> => {
  const walk = cursor === undefined ? undefined : walkIn(cursor, context, list);
  const wanted = { after: walk?.after, limit: limit + 1 };
  const { rows, start } = await rowsOfWalk(pool, list, wanted, walk?.start);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return {
    items,
    nextCursor: last ? encodeCursor([...rowKeyOf(list, last), ...start], context) : null,
  };
};

/** What a cursor says besides the row: the moment at which the walk began, where its order depends on that. */
type Start = readonly string[];

const walkIn = (
  cursor: string,
  context: string,
  list: RowList,
): { after: RowKey; start: Start } => {
  const { order, start } = list;
  const keys = order.map(({ type, nullable }): CursorPart => (nullable ? `${type}?` : type));
  const moment: CursorPart[] = isMoving(list) ? ['bigint', 'bigint'] : start ? ['bigint'] : [];
  const parts = decodeCursor(cursor, context, [...keys, ...moment]);
  return { after: parts.slice(0, keys.length), start: parts.slice(keys.length) as string[] };
};

const isMoving = ({ moves, order: [first] }: RowList): boolean =>
  moves !== undefined && first.former !== undefined;

const startOf = async (pool: Queryable, start: string): Promise<string> => {
  const { rows } = await pool.query<{ start: string }>(`select (${start})::text as start`);
  return rows[0]?.start ?? '0';
};

const rowsOfWalk = async (
  pool: Queryable,
  list: RowList,
  wanted: Wanted,
  begun: Start | undefined,
): Promise<{ rows: Row[]; start: Start }> => {
  if (isMoving(list)) return movingRows(pool, list, wanted, begun);
  if (list.start === undefined) return { rows: await rowsBehind(pool, list, wanted), start: [] };
  const start = begun?.[0] ?? (await startOf(pool, list.start));
  return { rows: await rowsBehind(pool, list, { ...wanted, start }), start: [start] };
};

/** How often a first page is read: a rebuilt model replaces the old one once in a while. */
const mostReads = 3;

const movingRows = async (
  pool: Queryable,
  list: RowList,
  wanted: Wanted,
  begun: Start | undefined,
): Promise<{ rows: Row[]; start: Start }> => {
  const [journal = '', move = ''] = begun ?? [];
  for (let reads = 1; ; reads += 1) {
    try {
      const read = await rowsAsOf(pool, list, wanted, begun && { journal, move });
      return { rows: read.rows, start: [read.start.journal, read.start.move] };
    } catch (error) {
      // A walk that has not begun cannot end: where the tables were replaced meanwhile, they are read again.
      const isExpired = error instanceof Refusal && error.code === 'CURSOR_EXPIRED';
      if (begun || !isExpired || reads === mostReads) throw error;
    }
  }
};

/** The rows in the order of the walk's start. While nothing has moved since, that is the one they are in. */
const rowsAsOf = async (
  pool: Queryable,
  list: RowList,
  wanted: Wanted,
  begun: WalkStart | undefined,
): Promise<{ rows: Row[]; start: WalkStart }> => {
  const moves = list.moves ?? '';
  const still = await rowsBehind(pool, list, { ...wanted, isStamped: true });
  const [first, last] = [still[0], still.at(-1)];
  // A statement without rows does not say what it saw: that of the values comes first, the other last.
  const start = begun ?? (first?.['key_0'] === null ? undefined : stampOf(first));
  const wasLast =
    still.length === wanted.limit || last?.['key_0'] === null || !list.order[0].nullable;
  const end = (wasLast ? stampOf(last) : undefined) ?? (await journalNow(pool, moves));
  if (start?.journal === end.journal && start.move === end.move) return { rows: still, start };
  const anew = start ?? end;
  const rows = await rowsBehind(pool, list, { ...wanted, since: anew.move });
  await assertKept(pool, moves, anew);
  return { rows, start: anew };
};

const stampOf = (row: Row | undefined): WalkStart | undefined => row as WalkStart | undefined;

/** Every row, page by page. Exact in a snapshot only: rows that move between two pages are lost or given twice. */
export async function* everyRow(
  pool: Queryable,
  list: RowList,
  pageSize = 1_000,
): AsyncGenerator<Row> {
  const start = list.start === undefined ? '' : await startOf(pool, list.start);
  let after: RowKey | undefined;
  for (;;) {
    const rows = await rowsBehind(pool, list, { after, limit: pageSize, start });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = rowKeyOf(list, last);
  }
}
