import type { Folded } from '#event-log/states.js';

import type { ProductRegistry } from '../registry.js';
import type { ProductState, RegisteredProduct } from './decider.js';

/** The product that answers for this one: itself, or where its mergers lead. Reads only what is not cached. */
export const answeringProduct = async (registry: ProductRegistry, id: string): Promise<string> =>
  (await answeringPath(registry, id, find)).at(-1)?.id ?? id;

/** A product on the way from one to that which answers for it. */
export interface OnPath {
  readonly id: string;
  readonly state: RegisteredProduct;
  readonly revision: bigint;
}

type Find = (registry: ProductRegistry, id: string) => Promise<OnPath | undefined>;

const onPath = (id: string, { state, revision }: Folded<ProductState>): OnPath | undefined =>
  state.status === 'registered' ? { id, state, revision } : undefined;

const find: Find = async ({ products }, id) =>
  onPath(id, products.cached(id) ?? (await products.refresh(id)));

const findNewest: Find = async ({ products }, id) => onPath(id, await products.refresh(id));

/**
 * The product, and each that the one before it was merged into. No merger closes a ring; one that stood in
 * the log would end where it began.
 */
export const answeringPath = async (
  registry: ProductRegistry,
  id: string,
  findOn: Find = findNewest,
): Promise<readonly OnPath[]> => {
  const path: OnPath[] = [];
  for (let next: string | undefined = id; next !== undefined;) {
    const current: string = next;
    if (path.some((one) => one.id === current)) break;
    const found = await findOn(registry, current);
    if (!found) break;
    path.push(found);
    next = found.state.mergedInto?.productId;
  }
  return path;
};
