import { type Contract, publishes } from '#fanout/contract.js';

import { publishedManufacturers } from './manufacturer/published.js';
import { publishedProducts } from './product/published.js';

/**
 * What other contexts and consumers may rely on: the facts of products and manufacturers. Imports are
 * this context's own business: what they change is told by the facts of the products themselves.
 */
export const productRegistryContract: Contract = {
  context: 'product-registry',
  topic: 'voltrace.product-registry.v1',
  partitions: 6,
  summary: 'Which products exist, who makes them, what is known of each, and who lists them.',
  categories: [publishes(publishedProducts), publishes(publishedManufacturers)],
};

export type {
  EntityCodeIssued,
  ManufacturerAbsorbed,
  ManufacturerAliasAdded,
  ManufacturerEvent,
  ManufacturerMerged,
  ManufacturerRegistered,
} from './manufacturer/events.js';
export type {
  Certification,
  CertificationRecorded,
  CertificationSuperseded,
  EfficiencyRating,
  Elements,
  ElementsSet,
  ElementsWithdrawn,
  ElementValue,
  Listing,
  ListingPublished,
  ListingRevised,
  ListingWithdrawn,
  ProdCodeAssigned,
  ProductEvent,
  ProductRegistered,
  ProductType,
} from './product/events.js';
