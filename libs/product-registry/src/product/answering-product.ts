import type { ProductRegistry } from '../registry.js';
import type { RegisteredProduct } from './decider.js';

/** The product that answers for this one: itself, or where its mergers lead. Reads only what is not cached. */
export const answeringProduct = async (registry: ProductRegistry, id: string): Promise<string> =>
  (await answeringPath(registry, id, stateOf)).at(-1)?.id ?? id;

/** A product on the way from one to that which answers for it. */
export interface OnPath {
  readonly id: string;
  readonly state: RegisteredProduct;
}

type StateOf = (registry: ProductRegistry, id: string) => Promise<RegisteredProduct | undefined>;

const stateOf: StateOf = async ({ products }, id) => {
  const { state } = products.cached(id) ?? (await products.refresh(id));
  return state.status === 'registered' ? state : undefined;
};

const newestStateOf: StateOf = async ({ products }, id) => {
  const { state } = await products.refresh(id);
  return state.status === 'registered' ? state : undefined;
};

/**
 * The product, and each that the one before it was merged into. No merger closes a ring; one that stood in
 * the log would end where it began.
 */
export const answeringPath = async (
  registry: ProductRegistry,
  id: string,
  find: StateOf = newestStateOf,
): Promise<readonly OnPath[]> => {
  const path: OnPath[] = [];
  for (let next: string | undefined = id; next !== undefined;) {
    const current: string = next;
    if (path.some((one) => one.id === current)) break;
    const state = await find(registry, current);
    if (!state) break;
    path.push({ id: current, state });
    next = state.mergedInto?.productId;
  }
  return path;
};
