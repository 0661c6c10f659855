import type { Cell, Column } from '#http/export.js';
import type { DocumentElement } from '#product-registry/product/document.js';
import { allOf, type Condition, type Queryable, SqlParameters } from '#resource/sql.js';

import { catalog } from './product-catalog.projection.js';
import type { ProductResponse } from './product-responses.http.js';

const column = (
  name: string,
  value: (product: ProductResponse) => Cell,
): Column<ProductResponse> => ({
  name,
  value,
});

const identity: readonly Column<ProductResponse>[] = [
  column('id', ({ id }) => id),
  column('code', ({ code }) => code),
  column('type', ({ type }) => type),
  column('manufacturer_id', ({ manufacturer }) => manufacturer.id),
  column('manufacturer', ({ manufacturer }) => manufacturer.name),
  column('manufacturer_code', ({ manufacturer }) => manufacturer.code),
  column('model', ({ model }) => model),
];

const current = ({ certifications }: ProductResponse) =>
  certifications.filter(({ supersededBy }) => supersededBy === null);

const listed = ({ qualifications }: ProductResponse) =>
  qualifications.filter(({ state }) => state === 'listed');

const joined = (texts: readonly (string | null)[]): string =>
  texts.map((text) => text ?? '').join('; ');

/** Several certifications or listings of one product stand in one cell, in the same order in each column. */
const papers: readonly Column<ProductResponse>[] = [
  column('certification_agency', (one) => joined(current(one).map(({ agency }) => agency))),
  column('certification_standard', (one) => joined(current(one).map(({ standard }) => standard))),
  column('certification_edition', (one) => joined(current(one).map(({ edition }) => edition))),
  column('certificate_date', (one) =>
    joined(current(one).map(({ certificateDate }) => certificateDate)),
  ),
  column('listing_agency', (one) => joined(listed(one).map(({ agency }) => agency))),
  column('listing_date', (one) => joined(listed(one).map(({ listingDate }) => listingDate))),
  column('listing_last_update', (one) => joined(listed(one).map(({ lastUpdate }) => lastUpdate))),
  column('listing_notes', (one) => joined(listed(one).map(({ notes }) => notes))),
];

const standing: readonly Column<ProductResponse>[] = [
  column('revision', ({ revision }) => revision),
  column('position', ({ position }) => position),
];

/**
 * The columns of an export: one per element and unit that occurs (`EnergyCapacityNominal_kWh`), so
 * that numbers stay as written; beside it, where they occur, `<element>_state` for what is not a
 * submitted value and `<element>_raw` for what nobody could read.
 */
export const exportColumns = async (
  pool: Queryable,
  where: readonly Condition[],
): Promise<readonly Column<ProductResponse>[]> => [
  ...identity,
  ...elementColumns(await elementUses(pool, where)),
  ...papers,
  ...standing,
];

/** How an element occurs in a selection of products. */
interface ElementUse {
  readonly name: string;
  readonly unit: string | null;
  readonly has_value: boolean;
  readonly has_state: boolean;
  readonly has_raw: boolean;
}

/** Which elements occur with which units among the products `p`. */
const elementUses = async (
  pool: Queryable,
  where: readonly Condition[],
): Promise<readonly ElementUse[]> => {
  const sql = new SqlParameters();
  const { rows } = await pool.query<ElementUse>(
    `select element.key as name, element.value ->> 'unit' as unit,
            bool_or(jsonb_typeof(element.value -> 'value') <> 'null') as has_value,
            bool_or(element.value ? 'state') as has_state,
            bool_or(element.value ? 'raw') as has_raw
     from ${catalog}.products p, jsonb_each(p.document -> 'elements') as element
     where ${allOf(where, sql)}
     group by 1, 2
     order by element.key collate "C", (element.value ->> 'unit') collate "C" nulls last`,
    sql.values,
  );
  return rows;
};

const elementColumns = (uses: readonly ElementUse[]): readonly Column<ProductResponse>[] => {
  const names = [...new Set(uses.map(({ name }) => name))];
  return names.flatMap((name) => {
    const own = uses.filter((use) => use.name === name);
    const values = own.filter(({ has_value: hasValue }) => hasValue);
    return [
      ...values.map(({ unit }) => valueColumn(name, unit)),
      ...(own.some(({ has_state: hasState }) => hasState) ? [partColumn(name, 'state')] : []),
      ...(own.some(({ has_raw: hasRaw }) => hasRaw) ? [partColumn(name, 'raw')] : []),
    ];
  });
};

const valueColumn = (name: string, unit: string | null): Column<ProductResponse> =>
  column(unit === null ? name : `${name}_${unit}`, ({ elements }) => {
    const element = elementOf(elements, name);
    return element && (element.unit ?? null) === unit ? cellOf(element.value) : null;
  });

const partColumn = (name: string, part: 'state' | 'raw'): Column<ProductResponse> =>
  column(`${name}_${part}`, ({ elements }) => elementOf(elements, name)?.[part]);

const elementOf = (
  elements: ProductResponse['elements'],
  name: string,
): DocumentElement | undefined => (Object.hasOwn(elements, name) ? elements[name] : undefined);

/** Ratings as published lists write them: `95 [inverter A]; 96 [inverter B]`. */
const cellOf = (value: DocumentElement['value']): Cell =>
  typeof value === 'object' && value !== null
    ? joined(value.map(({ percent, inverter }) => `${percent} [${inverter}]`))
    : value;
