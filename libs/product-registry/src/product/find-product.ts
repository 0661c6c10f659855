import { keyOwner } from '#event-log/key/claim-key.js';

import { modelKeysOf } from '../codes.js';
import { isId, type ProductRegistry } from '../registry.js';
import { answeringProduct } from './answering-product.js';
import { prodCodeKey, productKey } from './decider.js';
import { unknownProduct } from './refusals.js';

/** The product that answers for a manufacturer and model, in whichever form it is or was known by. */
export const findProductId = async (
  registry: ProductRegistry,
  manufacturerId: string,
  model: string,
): Promise<string | undefined> => {
  for (const modelKey of modelKeysOf(model)) {
    const found = await registry.holderOf(registry.products, productKey(manufacturerId, modelKey));
    if (found !== undefined) return answeringProduct(registry, found);
  }
  return undefined;
};

/** The same for a manufacturer and those that it answers for. */
export const findProductOf = async (
  registry: ProductRegistry,
  family: readonly string[] | undefined,
  model: string,
): Promise<string | undefined> => {
  for (const manufacturerId of family ?? []) {
    const found = await findProductId(registry, manufacturerId, model);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The product that has or had this code itself, in any case, also where another one answers for it. */
export const holderOfCode = (
  registry: ProductRegistry,
  code: string,
): Promise<string | undefined> =>
  registry.holderOf(registry.products, prodCodeKey(code.toUpperCase()));

/** The product that answers for this code, in any case. */
export const productIdOfCode = async (
  registry: ProductRegistry,
  code: string,
): Promise<string | undefined> => {
  const holder = await holderOfCode(registry, code);
  return holder === undefined ? undefined : answeringProduct(registry, holder);
};

/**
 * The product that a path names by id or code. Whether an id is a product's is decided later. A code leads
 * through mergers; an id does not, so that what is said of a merged product is refused.
 */
export const requireProductId = async (
  registry: ProductRegistry,
  idOrCode: string,
  find = productIdOfCode,
): Promise<string> => {
  if (isId(idOrCode)) return idOrCode.toLowerCase();
  const found = await find(registry, idOrCode);
  if (found === undefined) throw unknownProduct();
  return found;
};

export interface Claimant {
  readonly manufacturerId: string;
  readonly modelKey: string;
  readonly productId: string;
}

/** Who claimed the model's keys last for each of `family`'s members, used or not: one read each. */
export const claimantsOf = async (
  { log }: ProductRegistry,
  family: readonly string[],
  model: string,
): Promise<readonly Claimant[]> => {
  const keys = family.flatMap((manufacturerId) =>
    modelKeysOf(model).map((modelKey) => ({ manufacturerId, modelKey })),
  );
  const claimants = await Promise.all(
    keys.map(async ({ manufacturerId, modelKey }) => {
      const productId = await keyOwner(log, productKey(manufacturerId, modelKey));
      return productId === undefined ? [] : [{ manufacturerId, modelKey, productId }];
    }),
  );
  return claimants.flat();
};
