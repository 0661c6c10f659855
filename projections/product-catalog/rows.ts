import { inKilowattHours, inKilowatts } from '#product-registry/amounts.js';
import { lookAlikeKeyOf } from '#product-registry/look-alike.js';
import { nameLookAlikeKeyOf } from '#product-registry/manufacturer/name-look-alike.js';
import { findingsOf } from '#product-registry/plausibility/findings.js';
import type { ProductDocument } from '#product-registry/product/document.js';

import type { ManufacturerState } from './manufacturer-state.js';
import { folded, searchTextOf } from './search-text.js';

/** The revision of a row’s stream, and the position of its last event in the log. */
export interface Standing {
  readonly revision: string;
  readonly position: string;
}

/** What a product row keeps as JSON; the rest of the document has columns of its own. */
export type StoredDocument = Pick<
  ProductDocument,
  'elements' | 'certifications' | 'qualifications' | 'formerly' | 'merged'
>;

/** A product as the working set holds it; every other column follows from it. */
export interface Product extends Standing {
  readonly document: ProductDocument;
  /** Which product answers for it now. */
  readonly resolvedId: string;
}

/** A row of `products`, as it is written. Amounts are decimals as text. */
export interface ProductRow extends Standing {
  readonly id: string;
  readonly code: string | null;
  readonly product_type: string;
  readonly manufacturer_id: string;
  readonly model: string;
  readonly sort_model: string;
  readonly chemistry: string | null;
  readonly capacity_kwh: string | null;
  readonly power_kw: string | null;
  readonly is_warned: boolean;
  readonly document: StoredDocument;
  readonly search_text: string;
  readonly look_alike: string;
  readonly merged_into: string | null;
  readonly resolved_id: string;
}

export const productRow = ({ document, resolvedId, revision, position }: Product): ProductRow => {
  const { id, code, type, manufacturer, model, mergedInto, ...parts } = document;
  const { elements, formerly, merged } = parts;
  const known = [...formerly, ...merged].map((one) => one.model);
  const codes = merged.map((one) => one.code);
  return {
    id,
    code,
    product_type: type,
    manufacturer_id: manufacturer.id,
    model,
    sort_model: folded(model),
    chemistry: textOf(elements['BatteryChemistryType']?.value),
    capacity_kwh: inKilowattHours(elements['EnergyCapacityNominal']),
    power_kw: inKilowatts(elements['PowerDCContinuousMax']),
    is_warned: findingsOf(type, elements).length > 0,
    document: parts,
    search_text: searchTextOf([
      ...[code, model, type, textOf(elements['Description']?.value)],
      ...new Set([...known, ...codes]),
    ]),
    look_alike: lookAlikeKeyOf(model),
    merged_into: mergedInto,
    resolved_id: resolvedId,
    revision,
    position,
  };
};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A manufacturer as the working set holds it. */
export interface Manufacturer extends ManufacturerState, Standing {
  /** Who answers for it now. */
  readonly resolvedId: string;
}

/** A row of `manufacturers`, as it is written. */
export interface ManufacturerRow extends Standing {
  readonly id: string;
  readonly name: string;
  readonly code: string | null;
  readonly codes: readonly string[];
  readonly aliases: readonly string[];
  readonly merged_into: string | null;
  readonly absorbed: readonly string[];
  readonly resolved_id: string;
  readonly sort_name: string;
  readonly search_text: string;
  readonly look_alikes: readonly string[];
}

export const manufacturerRow = (manufacturer: Manufacturer): ManufacturerRow => ({
  id: manufacturer.id,
  name: manufacturer.name,
  code: manufacturer.code,
  codes: manufacturer.codes,
  aliases: manufacturer.aliases,
  merged_into: manufacturer.mergedInto,
  absorbed: manufacturer.absorbed,
  resolved_id: manufacturer.resolvedId,
  sort_name: folded(manufacturer.name),
  search_text: searchTextOf([manufacturer.name, ...manufacturer.aliases, ...manufacturer.codes]),
  look_alikes: [...new Set([manufacturer.name, ...manufacturer.aliases].map(nameLookAlikeKeyOf))],
  revision: manufacturer.revision,
  position: manufacturer.position,
});
