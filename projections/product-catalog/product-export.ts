import type { Cell, Column } from '#http/export.js';
import { inMainUnit, mainUnitOf } from '#product-registry/amounts.js';
import { type ElementKind, elementsByType } from '#product-registry/elements.js';
import type { DocumentElement } from '#product-registry/product/document.js';

import type { ProductResponse } from './product-responses.http.js';

type ProductColumn = Column<ProductResponse>;

const column = (name: string, value: (product: ProductResponse) => Cell): ProductColumn => ({
  name,
  value,
});

const identity: readonly ProductColumn[] = [
  column('id', ({ id }) => id),
  column('code', ({ code }) => code),
  column('type', ({ type }) => type),
  column('manufacturer_id', ({ manufacturer }) => manufacturer.id),
  column('manufacturer', ({ manufacturer }) => manufacturer.name),
  column('manufacturer_code', ({ manufacturer }) => manufacturer.code),
  column('model', ({ model }) => model),
];

/** Every element that a product of some type takes, in the order of the vocabulary. */
const vocabulary: Readonly<Record<string, ElementKind>> = Object.assign(
  {},
  ...Object.values(elementsByType),
) as Record<string, ElementKind>;

/** An element's own column: a decimal in the element's main unit, which stands in the name. */
const valueColumn = (name: string, kind: ElementKind): ProductColumn => {
  if (kind.kind === 'efficiencies') {
    return column(`${name}_percent`, ({ elements }) => ratings(elementOf(elements, name)?.value));
  }
  if (kind.kind !== 'decimal') {
    return column(name, ({ elements }) => plain(elementOf(elements, name)?.value));
  }
  const unit = mainUnitOf(kind);
  return column(`${name}_${unit}`, ({ elements }) => inMainUnit(elementOf(elements, name), unit));
};

/** Ratings as published lists write them: `95 [inverter A]; 96 [inverter B]`. */
const ratings = (value: DocumentElement['value'] | undefined): Cell =>
  typeof value === 'object' && value !== null
    ? joined(value.map(({ percent, inverter }) => `${percent} [${inverter}]`))
    : null;

const plain = (value: DocumentElement['value'] | undefined): Cell =>
  typeof value === 'object' ? null : value;

/** What of all elements a value in its main unit does not say. */
const asides: readonly ProductColumn[] = [
  column('written_in_other_units', (product) =>
    told(product, ({ value, unit }, kind) =>
      kind.kind === 'decimal' && typeof value === 'string' && unit !== mainUnitOf(kind)
        ? `${value} ${unit ?? ''}`
        : undefined,
    ),
  ),
  column('not_submitted', ({ elements }) =>
    joined(namesWhere(elements, ({ state }) => state === 'notSubmitted')),
  ),
  column('unparsed', (product) => told(product, ({ raw }) => raw)),
];

/** `Height: 5 ft; Width: 2 ft`, of the elements of which `tell` has something to say. */
const told = (
  { elements }: ProductResponse,
  tell: (element: DocumentElement, kind: ElementKind) => string | undefined,
): string =>
  joined(
    Object.entries(vocabulary).flatMap(([name, kind]) => {
      const element = elementOf(elements, name);
      const text = element && tell(element, kind);
      return text === undefined ? [] : [`${name}: ${text}`];
    }),
  );

const namesWhere = (
  elements: ProductResponse['elements'],
  isWanted: (element: DocumentElement) => boolean,
): readonly string[] =>
  Object.keys(vocabulary).filter((name) => {
    const element = elementOf(elements, name);
    return element !== undefined && isWanted(element);
  });

const elementOf = (
  elements: ProductResponse['elements'],
  name: string,
): DocumentElement | undefined => (Object.hasOwn(elements, name) ? elements[name] : undefined);

const joined = (texts: readonly (string | null | undefined)[]): string =>
  texts.map((text) => text ?? '').join('; ');

const certificationColumn = (
  name: string,
  value: (one: ProductResponse['certifications'][number]) => string | null,
): ProductColumn =>
  column(name, ({ certifications }) =>
    joined(certifications.filter(({ supersededBy }) => supersededBy === null).map(value)),
  );

const listingColumn = (
  name: string,
  value: (one: ProductResponse['qualifications'][number]) => string | null | undefined,
): ProductColumn => column(name, ({ qualifications }) => joined(qualifications.map(value)));

const brand = 'Brand';

/** What else a list says of a product, column by column. */
const remarksOf = (remarks: Readonly<Record<string, string>>): string =>
  Object.entries(remarks)
    .filter(([name]) => name !== brand)
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ');

/** Several certifications or listings of one product stand in one cell, in the same order in each column. */
const papers: readonly ProductColumn[] = [
  certificationColumn('certification_agency', ({ agency }) => agency),
  certificationColumn('certification_standard', ({ standard }) => standard),
  certificationColumn('certification_edition', ({ edition }) => edition),
  certificationColumn('certificate_date', ({ certificateDate }) => certificateDate),
  certificationColumn('certification_withdrawn_by', ({ withdrawnBy }) => withdrawnBy ?? null),
  listingColumn('listing_agency', ({ agency }) => agency),
  listingColumn('listing_state', ({ state }) => state),
  listingColumn('listing_date', ({ listingDate }) => listingDate),
  listingColumn('listing_last_update', ({ lastUpdate }) => lastUpdate),
  listingColumn('listing_notes', ({ notes }) => notes),
  listingColumn('listing_brand', ({ remarks }) => remarks[brand]),
  listingColumn('listing_remarks', ({ remarks }) => remarksOf(remarks)),
];

const standing: readonly ProductColumn[] = [
  column('warnings', ({ warnings }) => joined(warnings.map(({ rule }) => rule))),
  column('revision', ({ revision }) => revision),
  column('position', ({ position }) => position),
];

/**
 * The columns of an export, the same whatever products are in it: one for each element of the
 * vocabulary, a decimal in its main unit, converted exactly where it was written in another one; what
 * was written then, what was not submitted and what nobody could read stand in a column for all
 * elements.
 */
export const exportColumns: readonly ProductColumn[] = [
  ...identity,
  ...Object.entries(vocabulary).map(([name, kind]) => valueColumn(name, kind)),
  ...asides,
  ...papers,
  ...standing,
];
