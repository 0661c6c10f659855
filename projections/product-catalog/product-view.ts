import { LRUCache } from 'lru-cache';

import { formatPosition } from '#event-log/position.js';
import { findingsOf } from '#product-registry/plausibility/findings.js';
import { productDecider } from '#product-registry/product/decider.js';
import { evolveDocument, type ProductDocument } from '#product-registry/product/document.js';
import { type ProductEvent, productStream } from '#product-registry/product/events.js';
import type { Folding } from '#resource/folds.js';
import type { Row } from '#resource/keyset.js';
import type { Existing, FoldAt } from '#resource/resource.js';

import { answeringAt } from './manufacturer-as-of.js';
import { catalog } from './product-catalog.projection.js';
import type { ProductResponse } from './product-responses.http.js';
import type { StoredDocument } from './rows.js';

/** The products and who answers for them. A manufacturer that is not there leaves its products in the list. */
export const productsJoined = `${catalog}.products p
  left join ${catalog}.manufacturers registered on registered.id = p.manufacturer_id
  left join ${catalog}.manufacturers m on m.id = registered.resolved_id`;

export const productColumns = `p.id, p.code, p.product_type as type, p.model, p.document::text,
  p.revision::float8, p.position::text,
  coalesce(m.id, p.manufacturer_id) as manufacturer_id, m.name as manufacturer_name,
  m.code as manufacturer_code`;

interface ProductRow extends Pick<
  ProductResponse,
  'id' | 'code' | 'type' | 'model' | 'revision' | 'position'
> {
  /** As text: most documents were shown before. */
  readonly document: string;
  readonly manufacturer_id: string;
  readonly manufacturer_name: string | null;
  readonly manufacturer_code: string | null;
}

export const productOf = (row: Row): ProductResponse => {
  const { id, code, type, model, document, revision, position, ...answering } =
    row as unknown as ProductRow;
  const manufacturer = {
    id: answering.manufacturer_id,
    name: answering.manufacturer_name,
    code: answering.manufacturer_code,
  };
  return {
    ...{ id, code, type, manufacturer, model },
    ...partsOf(type, document),
    ...{ revision, position, links: linksOf(id) },
  };
};

/** What of a product is read from its document. */
type Parts = StoredDocument & Pick<ProductResponse, 'warnings'>;

/** So many characters of documents are kept as they are shown, at most. */
const keptCharacters = 4 * 1024 * 1024;
const shown = new LRUCache<string, Parts>({
  maxSize: keptCharacters,
  sizeCalculation: (_, text) => text.length,
});

/** Parsed, put in order and judged once for each text. */
const partsOf = (type: string, text: string): Parts => {
  const key = `${type} ${text}`;
  const known = shown.get(key);
  if (known) return known;
  const document = ordered(JSON.parse(text) as StoredDocument);
  const parts = { ...document, warnings: warningsOf(type, document) };
  shown.set(key, parts);
  return parts;
};

/** By the rules of today, whenever the elements were set: what a list was warned of stands in its import. */
const warningsOf = (type: string, { elements }: StoredDocument): ProductResponse['warnings'] =>
  findingsOf(type as ProductDocument['type'], elements);

const linksOf = (id: string): ProductResponse['links'] => ({
  batteries: `/v1/products/${id}/batteries`,
  experiments: `/v1/products/${id}/experiments`,
  batteryProposal: `/v1/products/${id}/battery-proposal`,
});

export const productFolding: Folding<ProductDocument, ProductEvent> = {
  streamOf: productStream,
  types: productDecider,
  evolve: evolveDocument,
};

const mergersAtMost = 100;

/** The product that answered for it at a position: follows the mergers that had happened by then. */
const followed = async (
  named: Existing<ProductDocument>,
  at: FoldAt,
): Promise<Existing<ProductDocument>> => {
  let version = named;
  for (let steps = 0; steps < mergersAtMost; steps += 1) {
    const into = version.state.mergedInto;
    const next = into === null ? undefined : await at(productFolding, into);
    if (!next?.state) break;
    version = { ...next, state: next.state };
  }
  return version;
};

/** The product at a position, or the one that answered for it then, with the manufacturer that answered for it. */
export const productAsOf = async (
  named: Existing<ProductDocument>,
  at: FoldAt,
): Promise<ProductResponse> => {
  const { state, revision, position } = await followed(named, at);
  const { id, code, type, model, manufacturer } = state;
  const answering = await answeringAt(manufacturer.id, at);
  return {
    ...{ id, code, type },
    manufacturer: {
      id: answering?.id ?? manufacturer.id,
      name: answering?.name ?? null,
      code: answering?.code ?? null,
    },
    model,
    ...ordered(state),
    warnings: warningsOf(type, state),
    revision: Number(revision),
    position: formatPosition(position),
    links: linksOf(id),
  };
};

/** The document's parts in one order of their fields, however they were set or stored. */
const ordered = ({
  elements,
  certifications,
  qualifications,
  formerly,
  merged,
}: StoredDocument): StoredDocument => ({
  elements: byName(elements, inOrder(['value', 'unit', 'decimals', 'state', 'raw'])),
  certifications: certifications.map(
    inOrder([
      ...(['id', 'agency', 'standard', 'edition', 'certificateDate'] as const),
      ...(['supersededBy', 'withdrawnBy'] as const),
    ]),
  ),
  qualifications: qualifications
    .map(inOrder(['agency', 'state', 'listingDate', 'lastUpdate', 'notes', 'remarks']))
    .map((one) => ({ ...one, remarks: byName(one.remarks, (remark) => remark) })),
  formerly: formerly.map(inOrder(['manufacturerId', 'model', 'until'])),
  merged: merged.map(inOrder(['id', 'manufacturerId', 'model', 'code'])),
});

const inOrder =
  <T extends object>(names: readonly (keyof T)[]) =>
  (member: T): T => {
    const ordered: Partial<T> = {};
    for (const name of names) if (member[name] !== undefined) ordered[name] = member[name];
    return ordered as T;
  };

const byName = <T>(
  members: Readonly<Record<string, T>>,
  change: (member: T) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(
    Object.entries(members)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, change(member)]),
  );
