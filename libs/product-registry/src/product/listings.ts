import type { PublishListing, WithdrawListing } from './commands.js';
import { sameListing } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEvent } from './events.js';
import { notListed } from './refusals.js';

export const publishListing = (
  { data }: PublishListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const standing = state.listings[data.agency]?.value ?? null;
  if (sameListing(standing, data)) return [];
  return [{ type: standing ? 'ListingRevised' : 'ListingPublished', data }];
};

export const withdrawListing = (
  { data: { agency } }: WithdrawListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const standing = state.listings[agency];
  if (!standing) throw notListed(agency);
  return standing.value ? [{ type: 'ListingWithdrawn', data: { agency } }] : [];
};
