import type { DocumentElement, ProductDocument } from '#product-registry/product/document.js';

import type { StoredDocument } from './rows.js';

/** A manufacturer as a product shows it. Name and code are null where there is none (yet). */
export interface ManufacturerReference {
  readonly id: string;
  readonly name: string | null;
  readonly code: string | null;
}

/** A product as the API shows it. `position` is the place of its last event in the log. */
export interface ProductView {
  readonly id: string;
  readonly code: string | null;
  readonly type: string;
  readonly manufacturer: ManufacturerReference;
  readonly model: string;
  readonly elements: ProductDocument['elements'];
  readonly certifications: ProductDocument['certifications'];
  readonly qualifications: ProductDocument['qualifications'];
  readonly revision: number;
  readonly position: string;
}

/** A product with the manufacturer that answers for it, as selected. 64-bit numbers are text. */
export interface ProductViewRow {
  readonly id: string;
  readonly code: string | null;
  readonly product_type: string;
  readonly manufacturer_id: string;
  readonly model: string;
  readonly document: StoredDocument;
  readonly revision: string;
  readonly position: string;
  readonly answering_id: string | null;
  readonly manufacturer_name: string | null;
  readonly manufacturer_code: string | null;
}

export const productView = (row: ProductViewRow): ProductView => ({
  id: row.id,
  code: row.code,
  type: row.product_type,
  manufacturer: {
    id: row.answering_id ?? row.manufacturer_id,
    name: row.manufacturer_name,
    code: row.manufacturer_code,
  },
  model: row.model,
  elements: elementsByName(row.document.elements),
  certifications: row.document.certifications,
  qualifications: row.document.qualifications,
  revision: Number(row.revision),
  position: row.position,
});

/** Elements in the order of their names and their parts in one order, however they were set or stored. */
export const elementsByName = (
  elements: ProductDocument['elements'],
): ProductDocument['elements'] =>
  Object.fromEntries(
    Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { value, ...parts }]) => [name, { value, ...partsInOrder(parts) }]),
  );

const partsInOrder = ({ unit, decimals, state, raw }: Omit<DocumentElement, 'value'>) => ({
  ...(unit !== undefined && { unit }),
  ...(decimals !== undefined && { decimals }),
  ...(state !== undefined && { state }),
  ...(raw !== undefined && { raw }),
});
