import type pg from 'pg';

import type { SqlParameters } from '#read-store/sql-parameters.js';

import { catalog } from './product-catalog.projection.js';
import { containing, folded, searchWords } from './search-text.js';

/** What products are listed by. Amounts are decimals as text, bounds included. */
export interface ProductFilter {
  /** Each word must occur in the code, model, type or description, or in a name of the manufacturer. */
  readonly q?: string | undefined;
  readonly type?: string | undefined;
  /** Id, EntityCode (old ones too) or name (aliases too) of the manufacturer. */
  readonly manufacturer?: string | undefined;
  readonly chemistry?: string | undefined;
  readonly capacityMin?: string | undefined;
  readonly capacityMax?: string | undefined;
  readonly powerMin?: string | undefined;
  readonly powerMax?: string | undefined;
  /** Whether the product has a code. */
  readonly coded?: boolean | undefined;
}

/** Conditions on the products `p`; adds their values to the parameters. */
export type Conditions = (parameters: SqlParameters) => readonly string[];

/**
 * The filter as SQL. The manufacturers that it names are looked up first: with their ids at hand the
 * planner knows how few they are, and finds the rest by index.
 */
export const productConditions = async (
  pool: Pick<pg.Pool, 'query'>,
  filter: ProductFilter,
): Promise<Conditions> => {
  const words: { readonly pattern: string; readonly makers: readonly string[] }[] = [];
  for (const word of searchWords(filter.q ?? '')) {
    const pattern = containing(word);
    words.push({ pattern, makers: await familyOf(pool, 'x.search_text like $1', [pattern]) });
  }
  const { manufacturer } = filter;
  const makers =
    manufacturer === undefined
      ? undefined
      : await familyOf(pool, namedBy, [manufacturer.toLowerCase(), folded(manufacturer)]);
  return (parameters) => [
    ...words.map(
      (word) => `(p.search_text like ${parameters.add(word.pattern)}
        or p.manufacturer_id = any(${parameters.add(word.makers)}::text[]))`,
    ),
    ...(makers ? [`p.manufacturer_id = any(${parameters.add(makers)}::text[])`] : []),
    ...comparisons(filter, parameters),
  ];
};

const comparisons = (filter: ProductFilter, parameters: SqlParameters): readonly string[] => {
  const compare = (column: string, operator: string, value: string | undefined, type: string) =>
    value === undefined ? [] : [`${column} ${operator} ${parameters.add(value)}::${type}`];
  return [
    ...compare('p.product_type', '=', filter.type, 'text'),
    ...compare('p.chemistry', '=', filter.chemistry, 'text'),
    ...compare('p.capacity_kwh', '>=', filter.capacityMin, 'numeric'),
    ...compare('p.capacity_kwh', '<=', filter.capacityMax, 'numeric'),
    ...compare('p.power_kw', '>=', filter.powerMin, 'numeric'),
    ...compare('p.power_kw', '<=', filter.powerMax, 'numeric'),
    ...(filter.coded === undefined ? [] : [`p.code is ${filter.coded ? 'not ' : ''}null`]),
  ];
};

/** The id is $1, or a whole line of the search text, which is a name, alias or code, is $2. */
const namedBy = `x.id = $1
  or strpos(E'\\n' || x.search_text || E'\\n', E'\\n' || $2 || E'\\n') > 0`;

/** Ids of the manufacturers x for whom `condition` holds, and of their kin by merger. */
const familyOf = async (
  pool: Pick<pg.Pool, 'query'>,
  condition: string,
  values: readonly string[],
): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ id: string }>(
    `select kin.id from ${catalog}.manufacturers kin
     where kin.resolved_id in (
       select x.resolved_id from ${catalog}.manufacturers x where ${condition})`,
    [...values],
  );
  return rows.map(({ id }) => id);
};
