import type { ListedFacts } from '../../product/commands.js';
import { sameMeaning } from '../../product/compare.js';
import type { ProductRegistry } from '../../registry.js';
import { elementsOf } from './equal-values.js';
import { shown } from './refused-row.js';

/** What a file says otherwise of a product that an earlier row of it is about. */
export const valuesOfOtherRow = async (
  registry: ProductRegistry,
  productId: string | undefined,
  facts: ListedFacts,
  otherRow: number,
): Promise<readonly { readonly pointer: string; readonly reason: string }[]> => {
  if (productId === undefined) return [];
  const { state } = await registry.products.refresh(productId);
  if (state.status === 'absent') return [];
  const said = state.lists[facts.list]?.elements ?? {};
  const differing = Object.entries(elementsOf(facts)).filter(
    ([name, value]) => !sameMeaning(said[name] ?? null, value),
  );
  return differing.map(([name, value]) => ({
    pointer: `/elements/${name}`,
    reason: `is ${shown(value)} here and ${shown(said[name])} in row ${String(otherRow)}`,
  }));
};
