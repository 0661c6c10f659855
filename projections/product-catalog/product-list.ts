import type pg from 'pg';

import type { PageOf } from '#http/paging.js';
import { everyRow, type ListQuery, pageOf, type Sorted, type SortKey } from '#read-store/keyset.js';
import { allOf, SqlParameters } from '#read-store/sql-parameters.js';

import { catalog } from './product-catalog.projection.js';
import { type Conditions, productConditions, type ProductFilter } from './product-filter.js';
import { type ProductView, productView, type ProductViewRow } from './product-view.js';

const sortKeys = {
  code: { expression: 'p.code', type: 'text', nullable: true, former: 'code' },
  model: { expression: 'p.sort_model', type: 'text', nullable: false },
  manufacturer: { expression: 'm.sort_name', type: 'text', nullable: true, former: 'manufacturer' },
  type: { expression: 'p.product_type', type: 'text', nullable: false },
  chemistry: { expression: 'p.chemistry', type: 'text', nullable: true, former: 'chemistry' },
  capacity: {
    expression: 'p.capacity_kwh',
    type: 'numeric',
    nullable: true,
    former: 'capacity_kwh',
  },
  power: { expression: 'p.power_kw', type: 'numeric', nullable: true, former: 'power_kw' },
  changed: { expression: 'p.position', type: 'bigint', nullable: false, former: 'position' },
} satisfies Record<string, SortKey>;

type SortName = keyof typeof sortKeys;
export type ProductSort = SortName | `-${SortName}`;

/** What `sort` may be; a leading minus turns the order round. */
export const productSorts = Object.keys(sortKeys).flatMap((name) => [
  name,
  `-${name}`,
]) as ProductSort[];

/** The products and who answers for them. A maker that is not there leaves its products in the list. */
export const productsJoined = `${catalog}.products p
  left join ${catalog}.manufacturers registered on registered.id = p.manufacturer_id
  left join ${catalog}.manufacturers m on m.id = registered.resolved_id`;

export const productColumns = `p.id, p.code, p.product_type, p.manufacturer_id, p.model, p.document,
  p.revision::text, p.position::text,
  m.id as answering_id, m.name as manufacturer_name, m.code as manufacturer_code`;

type Row = ProductViewRow & Sorted;

/** A page of products. Throws a `Refusal` (`CURSOR_INVALID`) for a cursor of another filter or sort. */
export const listProducts = async (
  pool: Pick<pg.Pool, 'query'>,
  filter: ProductFilter,
  sort: ProductSort,
  page: { readonly cursor: string | undefined; readonly limit: number },
): Promise<PageOf<ProductView>> => {
  const context = JSON.stringify(['products', sort, filter]);
  const conditions = await productConditions(pool, filter);
  const { items, nextCursor } = await pageOf<Row>(pool, listOf(conditions, sort), {
    ...page,
    context,
  });
  return { items: items.map(productView), nextCursor };
};

/** Every product of the filter, as they come from the store: from a snapshot, see `everyRow`. */
export async function* allProducts(
  pool: Pick<pg.Pool, 'query'>,
  filter: ProductFilter,
  sort: ProductSort,
  pageSize?: number,
): AsyncGenerator<ProductView> {
  const list = listOf(await productConditions(pool, filter), sort);
  for await (const row of everyRow<Row>(pool, list, pageSize)) yield productView(row);
}

/** How an element occurs in a selection of products. */
export interface ElementUse {
  readonly name: string;
  readonly unit: string | null;
  readonly has_value: boolean;
  readonly has_state: boolean;
  readonly has_raw: boolean;
}

/** Which elements occur with which units among the products of the filter. */
export const elementUses = async (
  pool: Pick<pg.Pool, 'query'>,
  filter: ProductFilter,
): Promise<readonly ElementUse[]> => {
  const conditions = await productConditions(pool, filter);
  const parameters = new SqlParameters();
  const { rows } = await pool.query<ElementUse>(
    `select element.key as name, element.value ->> 'unit' as unit,
            bool_or(jsonb_typeof(element.value -> 'value') <> 'null') as has_value,
            bool_or(element.value ? 'state') as has_state,
            bool_or(element.value ? 'raw') as has_raw
     from ${catalog}.products p, jsonb_each(p.document -> 'elements') as element
     where ${allOf(conditions(parameters))}
     group by 1, 2
     order by element.key collate "C", (element.value ->> 'unit') collate "C" nulls last`,
    parameters.values,
  );
  return rows;
};

const listOf = (filter: Conditions, sort: ProductSort): ListQuery => {
  const descending = sort.startsWith('-');
  const name = (descending ? sort.slice(1) : sort) as SortName;
  return {
    select: productColumns,
    from: productsJoined,
    id: 'p.id',
    sort: { key: sortKeys[name], descending },
    moves: `${catalog}.moved_products`,
    filter,
  };
};
