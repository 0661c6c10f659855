import type { Cell, Column } from '#http/export.js';
import type { DocumentElement } from '#product-registry/product/document.js';

import type { ElementUse } from './product-list.js';
import type { ProductView } from './product-view.js';

const column = (name: string, value: (product: ProductView) => Cell): Column<ProductView> => ({
  name,
  value,
});

const identity: readonly Column<ProductView>[] = [
  column('id', ({ id }) => id),
  column('code', ({ code }) => code),
  column('type', ({ type }) => type),
  column('manufacturer_id', ({ manufacturer }) => manufacturer.id),
  column('manufacturer', ({ manufacturer }) => manufacturer.name),
  column('manufacturer_code', ({ manufacturer }) => manufacturer.code),
  column('model', ({ model }) => model),
];

const current = ({ certifications }: ProductView) =>
  certifications.filter(({ supersededBy }) => supersededBy === null);

const listed = ({ qualifications }: ProductView) =>
  qualifications.filter(({ state }) => state === 'listed');

const joined = (texts: readonly (string | null)[]): string =>
  texts.map((text) => text ?? '').join('; ');

/** Several certifications or listings of one product stand in one cell, in the same order in each column. */
const papers: readonly Column<ProductView>[] = [
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

const standing: readonly Column<ProductView>[] = [
  column('revision', ({ revision }) => revision),
  column('position', ({ position }) => position),
];

/**
 * The columns of an export: one per element and unit that occurs (`EnergyCapacityNominal_kWh`), so
 * that numbers stay as written; beside it, where they occur, `<element>_state` for what is not a
 * submitted value and `<element>_raw` for what nobody could read.
 */
export const exportColumns = (uses: readonly ElementUse[]): readonly Column<ProductView>[] => [
  ...identity,
  ...elementColumns(uses),
  ...papers,
  ...standing,
];

const elementColumns = (uses: readonly ElementUse[]): readonly Column<ProductView>[] => {
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

const valueColumn = (name: string, unit: string | null): Column<ProductView> =>
  column(unit === null ? name : `${name}_${unit}`, ({ elements }) => {
    const element = elementOf(elements, name);
    return element && (element.unit ?? null) === unit ? cellOf(element.value) : null;
  });

const partColumn = (name: string, part: 'state' | 'raw'): Column<ProductView> =>
  column(`${name}_${part}`, ({ elements }) => elementOf(elements, name)?.[part]);

const elementOf = (elements: ProductView['elements'], name: string): DocumentElement | undefined =>
  Object.hasOwn(elements, name) ? elements[name] : undefined;

/** Ratings as published lists write them: `95 [inverter A]; 96 [inverter B]`. */
const cellOf = (value: DocumentElement['value']): Cell =>
  typeof value === 'object' && value !== null
    ? joined(value.map(({ percent, inverter }) => `${percent} [${inverter}]`))
    : value;

/** A product as one flat object with the export's columns; empty cells are null. */
export const flatProduct = (
  product: ProductView,
  columns: readonly Column<ProductView>[],
): Readonly<Record<string, Cell>> =>
  Object.fromEntries(columns.map(({ name, value }) => [name, value(product) ?? null]));
