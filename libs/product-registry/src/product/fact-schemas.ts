import { Type } from 'typebox';

import type { ObjectOf } from '#kernel/event-types.js';
import { date, id, name, orNull, text, texts } from '#kernel/schema.js';

// Parts of the schemas of events. What is written here is a promise to consumers.

export const certification = {
  certificationId: id('Of the certification, within the product.'),
  agency: name('The certifying agency, under its one spelling.'),
  standard: name('Such as `UL1973`.'),
  edition: orNull(text('Such as `Ed. 3 : 2022`; null where it is not stated.')),
  certificateDate: orNull(date('Null where it is not stated.')),
  raw: Type.Optional(texts('What the source wrote, where it differs.')),
};
export type Certification = ObjectOf<typeof certification>;

export const listing = {
  agency: name('The agency that lists the product, such as `CEC`.'),
  listingDate: orNull(date('When it was listed.')),
  lastUpdate: orNull(date('When the agency last changed the listing.')),
  notes: orNull(text('As written.')),
  remarks: texts('What else the list says of the product: columns and cells, as written.'),
};
/** A regulator's listing (an Orange Button ProdQualification). */
export type Listing = ObjectOf<typeof listing>;
