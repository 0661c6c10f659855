import type { StoredEvent } from '#event-log/event-log.js';
import { type ReadEvent, Reading } from '#event-log/reading.js';

import type { MovedProduct, RegisteredProduct } from './assign-codes.store.js';
import { manufacturerDecider } from './manufacturer/decider.js';
import type { ManufacturerEvent } from './manufacturer/events.js';
import { productDecider } from './product/decider.js';
import type { ProductEventOf } from './product/events.js';

const reading = new Reading([productDecider, manufacturerDecider]);

export type OfProduct = ProductEventOf<
  'ProductRegistered' | 'ProductTransferred' | 'ProductMerged' | 'ProductReleased' | 'ProductSplit'
>;
const ofProducts: ReadonlySet<string> = new Set<OfProduct['type']>([
  ...(['ProductRegistered', 'ProductTransferred'] as const),
  ...(['ProductMerged', 'ProductReleased', 'ProductSplit'] as const),
]);

/** An event that the process acts on or learns from; `id` is that of the product or manufacturer. */
export type AssignCodesEvent = { readonly id: string } & (
  | { readonly of: 'product'; readonly event: ReadEvent<OfProduct> }
  | { readonly of: 'manufacturer'; readonly event: ReadEvent<ManufacturerEvent> }
);

const isOfProduct = (event: StoredEvent): event is ReadEvent<OfProduct> =>
  ofProducts.has(event.type);

export const read = (stored: StoredEvent): AssignCodesEvent | undefined => {
  const event = reading.newest(stored);
  if (!event) return undefined;
  const id = event.stream.slice(event.stream.indexOf('-') + 1);
  if (isOfProduct(event)) return { id, of: 'product', event };
  const isOfManufacturer = event.stream.startsWith(`${manufacturerDecider.category}-`);
  if (!isOfManufacturer) return undefined;
  return { id, of: 'manufacturer', event: event as ReadEvent<ManufacturerEvent> };
};

/** Which manufacturer has the product by this event. */
export const changeOf = (
  id: string,
  { type, data }: OfProduct,
): readonly (RegisteredProduct | MovedProduct)[] => {
  if (type === 'ProductRegistered') return [{ id, manufacturerId: data.manufacturerId }];
  if (type !== 'ProductTransferred') return [];
  return [{ id, manufacturerId: data.manufacturerId, previous: data.previous }];
};
