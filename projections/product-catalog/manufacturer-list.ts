import type pg from 'pg';

import type { PageOf } from '#http/paging.js';
import { type ListQuery, pageOf, type Sorted, type SortKey } from '#read-store/keyset.js';

import { catalog } from './product-catalog.projection.js';
import { containing, searchWords } from './search-text.js';

/** A manufacturer as the API shows it: with the names and products of those that were merged into it. */
export interface ManufacturerView {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  /** EntityCodes that it had before. */
  readonly formerCodes: readonly string[];
  /** Its other names, and those of the manufacturers that it answers for. */
  readonly aliases: readonly string[];
  /** Ids of those manufacturers. */
  readonly merged: readonly string[];
  /** How many products it answers for; null as of an earlier moment. */
  readonly products: number | null;
  readonly revision: number;
  readonly position: string;
}

export interface ManufacturerFilter {
  /** Each word must occur in a name, alias or code. */
  readonly q?: string | undefined;
  /** EntityCode, old ones and those of merged manufacturers too. */
  readonly code?: string | undefined;
}

const sortKeys = {
  name: { expression: 'm.sort_name', type: 'text', nullable: false },
  code: { expression: 'm.code', type: 'text', nullable: true, former: 'code' },
  changed: { expression: 'm.position', type: 'bigint', nullable: false, former: 'position' },
} satisfies Record<string, SortKey>;

type SortName = keyof typeof sortKeys;
export type ManufacturerSort = SortName | `-${SortName}`;

/** What `sort` may be; a leading minus turns the order round. */
export const manufacturerSorts = Object.keys(sortKeys).flatMap((name) => [
  name,
  `-${name}`,
]) as ManufacturerSort[];

interface ManufacturerViewRow {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  readonly codes: readonly string[];
  readonly aliases: readonly string[];
  readonly merged: readonly string[];
  readonly products: string;
  readonly revision: string;
  readonly position: string;
}

const columns = `m.id, m.name, m.code, m.codes, m.revision::text, m.position::text,
  m.aliases || array(
    select other
    from ${catalog}.manufacturers kin, unnest(array[kin.name] || kin.aliases) as other
    where kin.resolved_id = m.id and kin.id <> m.id
    order by other collate "C") as aliases,
  array(
    select kin.id from ${catalog}.manufacturers kin
    where kin.resolved_id = m.id and kin.id <> m.id
    order by kin.id) as merged,
  (select count(*)
   from ${catalog}.products p
   join ${catalog}.manufacturers kin on kin.id = p.manufacturer_id
   where kin.resolved_id = m.id)::text as products`;

const view = (row: ManufacturerViewRow): ManufacturerView => ({
  id: row.id,
  name: row.name,
  code: row.code,
  formerCodes: row.codes.filter((code) => code !== row.code),
  aliases: [...new Set(row.aliases)],
  merged: row.merged,
  products: Number(row.products),
  revision: Number(row.revision),
  position: row.position,
});

/** A page of the manufacturers that answer for themselves. Throws a `Refusal` (`CURSOR_INVALID`). */
export const listManufacturers = async (
  pool: Pick<pg.Pool, 'query'>,
  filter: ManufacturerFilter,
  sort: ManufacturerSort,
  page: { readonly cursor: string | undefined; readonly limit: number },
): Promise<PageOf<ManufacturerView>> => {
  const context = JSON.stringify(['manufacturers', sort, filter]);
  const { items, nextCursor } = await pageOf<ManufacturerViewRow & Sorted>(
    pool,
    listOf(filter, sort),
    { ...page, context },
  );
  return { items: items.map(view), nextCursor };
};

/** The manufacturer that answers for that id: itself, or where its mergers lead. */
export const findManufacturer = async (
  pool: Pick<pg.Pool, 'query'>,
  id: string,
): Promise<ManufacturerView | undefined> => {
  const { rows } = await pool.query<ManufacturerViewRow>(
    `select ${columns} from ${catalog}.manufacturers m
     where m.id = (select resolved_id from ${catalog}.manufacturers where id = $1)`,
    [id],
  );
  return rows[0] && view(rows[0]);
};

const listOf = (filter: ManufacturerFilter, sort: ManufacturerSort): ListQuery => {
  const descending = sort.startsWith('-');
  const name = (descending ? sort.slice(1) : sort) as SortName;
  return {
    select: columns,
    from: `${catalog}.manufacturers m`,
    id: 'm.id',
    sort: { key: sortKeys[name], descending },
    moves: `${catalog}.moved_manufacturers`,
    filter: (parameters) => [
      'm.resolved_id = m.id',
      ...searchWords(filter.q ?? '').map((word) =>
        kinCondition(`kin.search_text like ${parameters.add(containing(word))}`),
      ),
      ...(filter.code === undefined
        ? []
        : [kinCondition(`${parameters.add(filter.code.toUpperCase())} = any(kin.codes)`)]),
    ],
  };
};

const kinCondition = (condition: string): string =>
  `exists (select from ${catalog}.manufacturers kin
           where kin.resolved_id = m.id and ${condition})`;
