import type { PublishListing, WithdrawListing } from './commands.js';
import { sameListing } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEvent } from './events.js';
import { listedAgain, listedAs, notListed } from './refusals.js';

export const publishListing = (
  { data }: PublishListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const standing = state.listings[data.agency]?.value ?? null;
  if (sameListing(standing, data)) return [];
  return [{ type: standing ? 'ListingRevised' : 'ListingPublished', data }];
};

export const withdrawListing = (
  { productId, data, named: inList }: WithdrawListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  const { agency, list, asOf } = data;
  const standing = state.listings[agency];
  if (!standing) throw notListed(agency);
  if (!standing.value) return [];
  const named = list === undefined ? undefined : state.lists[list]?.asOf;
  if (asOf !== undefined && named !== undefined && named > asOf) throw listedAgain(named, asOf);
  const own = [productId, ...state.answersFor.map((one) => one.productId)];
  const listed = own.find((id) => inList.has(id));
  if (listed !== undefined) throw listedAs(listed);
  return [{ type: 'ListingWithdrawn', data }];
};
