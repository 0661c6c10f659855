import { Refusal } from '#kernel/refusal.js';

import type { RegisteredProduct } from './decider.js';

export const unknownProduct = () =>
  new Refusal('PRODUCT_UNKNOWN', 'not-found', 'there is no such product');

export const productExists = (productId: string) =>
  new Refusal('PRODUCT_EXISTS', 'conflict', 'this manufacturer’s model is registered already', {
    productId,
  });

/** Of a product that is to get a name which another one has. */
export const nameOfAnother = (productId: string) =>
  new Refusal(
    'PRODUCT_EXISTS',
    'conflict',
    `this manufacturer’s model is registered already, as product ${productId}: merge the two instead`,
    { productId },
  );

export const productMerged = (into: string) =>
  new Refusal(
    'PRODUCT_MERGED',
    'conflict',
    `this product was merged into ${into}, which answers for it`,
    { into },
  );

/** Only a merger is taken back from a product that another one answers for. */
export const refuseMerged = ({ mergedInto }: RegisteredProduct): void => {
  if (mergedInto) throw productMerged(mergedInto.productId);
};

export const mergeCycle = () =>
  new Refusal(
    'PRODUCT_MERGE_CYCLE',
    'conflict',
    'a product cannot be merged into itself or into one that it answers for',
  );

export const otherType = (own: string, other: string) =>
  new Refusal(
    'PRODUCT_TYPE_DIFFERS',
    'conflict',
    `this product is a ${own}, and the other one is a ${other}`,
  );

export const notMerged = () =>
  new Refusal('PRODUCT_NOT_MERGED', 'conflict', 'this product was not merged into another one');

export const changedSinceMerger = (productId: string) =>
  new Refusal(
    'PRODUCT_CHANGED_SINCE_MERGER',
    'conflict',
    `product ${productId} has changed since the merger, which cannot be undone any more`,
    { productId },
  );

export const notListed = (agency: string) =>
  new Refusal('LISTING_UNKNOWN', 'not-found', `${agency} does not list this product`);

/** Of a product that is to be delisted because an older list does not name it. */
export const listedAgain = (asOf: string, older: string) =>
  new Refusal(
    'PRODUCT_LISTED_AGAIN',
    'conflict',
    `the list of ${asOf} names the product, and the one that does not is of ${older}`,
    { asOf },
  );

/** Of a product that the list names by now: that one was merged into it. */
export const listedAs = (productId: string) =>
  new Refusal(
    'PRODUCT_LISTED_AGAIN',
    'conflict',
    `this list names the product, as ${productId}, which it answers for`,
    { productId },
  );
