import type { ProductDocument } from '#product-registry/product/document.js';

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
  ...documentView(row.document),
  revision: Number(row.revision),
  position: row.position,
});

/** The document's parts in one order of their fields, however they were set or stored. */
export const documentView = ({
  elements,
  certifications,
  qualifications,
}: StoredDocument): StoredDocument => ({
  elements: byName(elements, ({ value, unit, decimals, state, raw }) => ({
    value,
    ...(unit !== undefined && { unit }),
    ...(decimals !== undefined && { decimals }),
    ...(state !== undefined && { state }),
    ...(raw !== undefined && { raw }),
  })),
  certifications: certifications.map(
    ({ id, agency, standard, edition, certificateDate, supersededBy }) => ({
      id,
      agency,
      standard,
      edition,
      certificateDate,
      supersededBy,
    }),
  ),
  qualifications: qualifications.map(
    ({ agency, state, listingDate, lastUpdate, notes, remarks }) => ({
      agency,
      state,
      listingDate,
      lastUpdate,
      notes,
      remarks: byName(remarks, (remark) => remark),
    }),
  ),
});

const byName = <T>(
  members: Readonly<Record<string, T>>,
  change: (member: T) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(
    Object.entries(members)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, change(member)]),
  );
