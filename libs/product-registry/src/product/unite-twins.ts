import type { StoredEvent } from '#event-log/event-log.js';
import { readOne } from '#event-log/read-one.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';

import type { ProductRegistry } from '../registry.js';
import { MergeProduct } from './commands.js';
import { productKey, type RegisteredProduct } from './decider.js';
import { mergeProduct } from './merge-product.js';
import { identityOf } from './names.js';

export interface United {
  readonly merged: string;
  readonly into: string;
}

/**
 * Merges a product with those that have its model under one of `others`, which the same manufacturer answers
 * for: the one that was registered first stays. A product that has only had the name, or was merged already, is
 * left alone. The commands' ids derive from `event`, so that what was split since is not merged again.
 */
export const uniteTwins = async (
  registry: ProductRegistry,
  { productId, manufacturerId }: { readonly productId: string; readonly manufacturerId: string },
  others: readonly string[],
  event: StoredEvent,
  process: string,
): Promise<readonly United[]> => {
  const { products } = registry;
  const united: United[] = [];
  for (const other of others.filter((one) => one !== manufacturerId)) {
    const own = await standing(registry, productId);
    if (!own || identityOf(own).manufacturerId !== manufacturerId) break;
    const { modelKey } = identityOf(own);
    const twin = await registry.holderOf(products, productKey(other, modelKey));
    const state = twin === undefined ? undefined : await standing(registry, twin);
    if (twin === undefined || !state) continue;
    const name = identityOf(state);
    if (name.manufacturerId !== other || name.modelKey !== modelKey) continue;
    const [into, merged] = await inOrder(registry, productId, twin);
    const meta = metaOf(event, merged, into, process, modelKey);
    await mergeProduct(registry, new MergeProduct(merged, { into }, meta));
    united.push({ merged, into });
  }
  return united;
};

/** The product, unless another one answers for it. */
const standing = async (
  { products }: ProductRegistry,
  id: string,
): Promise<RegisteredProduct | undefined> => {
  const { state } = await products.refresh(id);
  return state.status === 'registered' && !state.mergedInto ? state : undefined;
};

/** The one that was registered first comes first. */
const inOrder = async (
  { log, products }: ProductRegistry,
  a: string,
  b: string,
): Promise<readonly [string, string]> => {
  const [ofA, ofB] = await Promise.all(
    [a, b].map(
      async (id) => (await readOne(log, products.streamOf(id), {}))?.position.commit ?? 0n,
    ),
  );
  return (ofA ?? 0n) <= (ofB ?? 0n) ? [a, b] : [b, a];
};

const metaOf = (
  event: StoredEvent,
  merged: string,
  into: string,
  process: string,
  modelKey: string,
): CommandMeta => ({
  commandId: contentIdOf('unite-twins', event.id, merged, into),
  actor: { id: process, kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: event.metadata.occurredAt,
  correlationId: event.metadata.$correlationId,
  causationId: event.id,
  reason: `both are the model ${modelKey} of manufacturers that are one`,
});
