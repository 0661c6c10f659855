import { boolean, decimal, oneOf, text } from '#http/query-params.js';
import { elementsByType } from '#product-registry/elements.js';
import { productTypes } from '#product-registry/product/events.js';
import { filter } from '#resource/resource.js';
import { allOf, compares, type Condition, type Queryable } from '#resource/sql.js';

import { catalog } from './product-catalog.projection.js';
import { containing, folded, searchWords } from './search-text.js';

const chemistries = Object.values(elementsByType).flatMap(({ BatteryChemistryType: kind }) =>
  kind?.kind === 'enum' ? kind.values : [],
);

/**
 * Conditions on the products `p`. The manufacturers that a filter names are looked up first: with their
 * ids at hand the planner knows how few they are, and finds the rest by index.
 */
export const productFilters = {
  q: filter(
    text(200),
    async (q, pool) => {
      const conditions: Condition[] = [];
      for (const word of searchWords(q)) {
        const pattern = containing(word);
        const manufacturers = await familyOf(pool, 'x.search_text like $1', [pattern]);
        conditions.push(
          (sql) => `(p.search_text like ${sql.add(pattern)}
            or p.manufacturer_id = any(${sql.add(manufacturers)}::text[]))`,
        );
      }
      return (sql) => allOf(conditions, sql);
    },
    {
      description: 'Words, each found in code, model, type, description or a manufacturer’s name.',
    },
  ),
  type: filter(oneOf(...productTypes), compares('p.product_type')),
  manufacturer: filter(
    text(200),
    async (manufacturer, pool) => {
      const manufacturers = await familyOf(pool, named, [
        manufacturer.toLowerCase(),
        folded(manufacturer),
      ]);
      return (sql) => `p.manufacturer_id = any(${sql.add(manufacturers)}::text[])`;
    },
    { description: 'Id, EntityCode or name.' },
  ),
  chemistry: filter(oneOf(...chemistries), compares('p.chemistry')),
  capacityMin: filter(decimal, compares('p.capacity_kwh', '>=', 'numeric'), { example: '5' }),
  capacityMax: filter(decimal, compares('p.capacity_kwh', '<=', 'numeric'), { example: '13.5' }),
  powerMin: filter(decimal, compares('p.power_kw', '>=', 'numeric')),
  powerMax: filter(decimal, compares('p.power_kw', '<=', 'numeric')),
  coded: filter(boolean, (isCoded) => () => `p.code is ${isCoded ? 'not ' : ''}null`, {
    description: 'Has a code, or none.',
  }),
  warned: filter(boolean, (isWarned) => () => `${isWarned ? '' : 'not '}p.is_warned`, {
    description: 'Has a value that is hard to believe (`warnings`), or none.',
  }),
};

/** The id is $1, or a whole line of the search text, which is a name, alias or code, is $2. */
const named = `x.id = $1
  or strpos(E'\\n' || x.search_text || E'\\n', E'\\n' || $2 || E'\\n') > 0`;

/** Ids of the manufacturers x for whom `condition` holds, and of their kin by merger. */
const familyOf = async (
  pool: Queryable,
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
