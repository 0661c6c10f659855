/**
 * What other contexts and consumers may rely on: the facts of products and manufacturers, by their
 * stored names. Imports are this context's own business.
 */
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
