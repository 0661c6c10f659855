import type { StoredEvent } from '#event-log/event-log.js';
import { keyForfeited } from '#event-log/key/forfeited.js';
import { formatPosition } from '#event-log/position.js';
import {
  type ManufacturerEvent,
  manufacturerEvents,
} from '#product-registry/manufacturer/events.js';
import { evolveDocument } from '#product-registry/product/document.js';
import { type ProductEvent, productEvents } from '#product-registry/product/events.js';

import { evolveManufacturer } from './manufacturer-state.js';
import type { Standing } from './rows.js';
import { type CatalogWork, manufacturerIdOf, productIdOf } from './working-set.js';

type Apply = (work: CatalogWork, event: StoredEvent) => void;

const standingOf = ({ revision, position }: StoredEvent): Standing => ({
  revision: String(revision),
  position: formatPosition(position),
});

/** Folds an event of a product's stream; what comes before its registration leaves no row. */
const onProduct: Apply = (work, event) => {
  const id = productIdOf(event.stream);
  if (id === undefined) return;
  const { type, data } = event;
  const known = work.products.get(id);
  const before = known?.document ?? null;
  const document = evolveDocument(before, id, { type, data } as unknown as ProductEvent);
  if (!document) return;
  const resolvedId = known?.resolvedId ?? id;
  work.products.set(id, { document, resolvedId, ...standingOf(event) });
  work.changedProducts.add(id);
  const { code } = document;
  // The first product that bore a code keeps it.
  if (code !== null && code !== before?.code && !work.codes.has(code)) work.codes.set(code, id);
};

/** A product is merged or answers for itself again: which product answers for those around it follows anew. */
const onProductMerger: Apply = (work, event) => {
  onProduct(work, event);
  const id = productIdOf(event.stream) ?? '';
  const formerly = work.products.get(id)?.resolvedId;
  for (const [one, product] of work.products) {
    if (product.resolvedId !== formerly) continue;
    const resolvedId = answering(work, one);
    if (resolvedId === product.resolvedId) continue;
    work.products.set(one, { ...product, resolvedId });
    work.changedProducts.add(one);
  }
};

/** Follows mergers to their end. Two that met could have closed a ring: it ends where it began. */
const answering = ({ products }: CatalogWork, id: string): string => {
  const passed = new Set<string>();
  let current = id;
  for (;;) {
    passed.add(current);
    const next = products.get(current)?.document.mergedInto ?? null;
    if (next === null || passed.has(next)) return current;
    current = next;
  }
};

/** Folds an event of a manufacturer's stream. */
const onManufacturer: Apply = (work, event) => {
  const id = manufacturerIdOf(event.stream);
  if (id === undefined) return;
  const { type, data } = event;
  const before = work.manufacturers.get(id) ?? null;
  const state = evolveManufacturer(before, id, { type, data } as unknown as ManufacturerEvent);
  if (!state) return;
  const resolvedId = before?.resolvedId ?? id;
  work.manufacturers.set(id, { ...state, resolvedId, ...standingOf(event) });
  work.changedManufacturers.add(id);
  if (!before) work.answeredAnew.add(id);
};

/** Whoever answered for the merged one answers no longer: the other's answerer does, for all of them. */
const onMerger: Apply = (work, event) => {
  onManufacturer(work, event);
  const merged = work.manufacturers.get(manufacturerIdOf(event.stream) ?? '');
  if (!merged) return;
  const into = String(event.data['into']);
  const answerer = work.manufacturers.get(into)?.resolvedId ?? into;
  const formerly = merged.resolvedId;
  if (answerer === formerly) return;
  for (const [id, manufacturer] of work.manufacturers) {
    if (manufacturer.resolvedId !== formerly) continue;
    work.manufacturers.set(id, { ...manufacturer, resolvedId: answerer });
    work.changedManufacturers.add(id);
    work.answeredAnew.add(id);
  }
};

/** A lost claim changes nothing that is shown, but it counts as an event of the stream. */
const onForfeit: Apply = (work, event) => {
  const productId = productIdOf(event.stream) ?? '';
  const product = work.products.get(productId);
  if (product) {
    work.products.set(productId, { ...product, ...standingOf(event) });
    work.changedProducts.add(productId);
  }
  const manufacturerId = manufacturerIdOf(event.stream) ?? '';
  const manufacturer = work.manufacturers.get(manufacturerId);
  if (manufacturer) {
    work.manufacturers.set(manufacturerId, { ...manufacturer, ...standingOf(event) });
    work.changedManufacturers.add(manufacturerId);
  }
};

const each = (types: object, apply: Apply): Readonly<Record<string, Apply>> =>
  Object.fromEntries(Object.keys(types).map((type) => [type, apply]));

/** What each event changes in the catalogue: what a stream folds to, and that its revision moved. */
export const changes: Readonly<Record<string, Apply>> = {
  ...each(productEvents, onProduct),
  ...each(manufacturerEvents, onManufacturer),
  ProductMerged: onProductMerger,
  ProductSplit: onProductMerger,
  ManufacturerMerged: onMerger,
  [keyForfeited]: onForfeit,
};
