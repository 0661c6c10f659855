import type { PageOf } from '#http/paging.js';
import { prepared } from '#read-store/prepared.js';

import { everyRow, pageOf, type Row, type RowList } from './keyset.js';
import { type Resource, sortsOf } from './resource.js';
import { type Queryable, SqlParameters } from './sql.js';

/** Items of a page where nobody says how many. */
export const defaultLimit = 100;

/** Which rows of a list, in which order. */
export interface Selected {
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  readonly sort?: string | undefined;
}

/** Which of its pages. */
interface PageParameters {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** The rows of a list as SQL. What filters look up is read from `pool`. */
export const rowsOf = async <Item>(
  pool: Queryable,
  resource: Resource<Item>,
  { filter = {}, sort }: Selected,
): Promise<RowList> => {
  const { select, from, where = [], list } = resource;
  const conditions = [...where];
  for (const [name, filtering] of Object.entries(list.filters)) {
    if (filter[name] !== undefined) conditions.push(await filtering.where(filter[name], pool));
  }
  return {
    select,
    from: (sql, start) => resource.listFrom?.(sql, start, filter) ?? from,
    where: conditions,
    order: orderOf(resource, sort),
    moves: list.moves,
    start: list.start,
  };
};

const orderOf = <Item>(resource: Resource<Item>, sort = sortsOf(resource)[0]): RowList['order'] => {
  const { id = 'id', list } = resource;
  if (list.order) return list.order;
  const key = list.sorts?.[sort?.replace('-', '') ?? ''];
  if (!key) throw new Error(`${resource.name} has no order ${String(sort)}`);
  const descending = sort?.startsWith('-') === true;
  return [
    { ...key, descending },
    { expression: id, type: 'text', descending },
  ];
};

const itemOf = <Item>(resource: Resource<Item>, row: Row): Item => {
  if (resource.item) return resource.item(row);
  const own = Object.entries(row).filter(([name]) => !/^(key_\d|journal|move)$/.test(name));
  return Object.fromEntries(own) as Item;
};

/** A page of the list; see `pageOf`. */
export const readPage = async <Item>(
  pool: Queryable,
  resource: Resource<Item>,
  { cursor, limit = defaultLimit, ...selected }: Selected & PageParameters,
): Promise<PageOf<Item>> => {
  const rows = await rowsOf(pool, resource, selected);
  const { filter = {}, sort = sortsOf(resource)[0] } = selected;
  // In the order of the declaration: that of the query does not matter.
  const filters = Object.keys(resource.list.filters).map((name) => [name, filter[name]]);
  const context = JSON.stringify([resource.name, sort, Object.fromEntries(filters)]);
  const page = await pageOf(pool, rows, { cursor, limit, context });
  return { ...page, items: page.items.map((row) => itemOf(resource, row)) };
};

/** Every item of the rows: from a snapshot, see `everyRow`. */
export async function* readAll<Item>(
  pool: Queryable,
  resource: Resource<Item>,
  rows: RowList,
  pageSize?: number,
): AsyncGenerator<Item> {
  for await (const row of everyRow(pool, rows, pageSize)) yield itemOf(resource, row);
}

/** The item that a path names; undefined where there is none. */
export const readOne = async <Item>(
  pool: Queryable,
  resource: Resource<Item>,
  named: string,
): Promise<Item | undefined> => {
  const { select, from, id = 'id', one } = resource;
  const sql = new SqlParameters();
  const found = one?.idOf?.(named) ?? named;
  const wanted = typeof found === 'string' ? sql.add(found) : `(${found(sql)})`;
  const text = `select ${select} from ${from} where ${one?.where?.(wanted) ?? `${id} = ${wanted}`}`;
  const { rows } = await pool.query<Row>(prepared(text, sql.values));
  return rows[0] && itemOf(resource, rows[0]);
};

/** The id that a path names; undefined where there is none. */
export const readId = async <Item>(
  pool: Queryable,
  { one }: Resource<Item>,
  named: string,
): Promise<string | undefined> => {
  const found = one?.idOf?.(named) ?? named;
  if (typeof found === 'string') return found;
  const sql = new SqlParameters();
  const text = `select (${found(sql)}) as id`;
  const { rows } = await pool.query<{ id: string | null }>(prepared(text, sql.values));
  return rows[0]?.id ?? undefined;
};
