import type { Store } from '../store.js';
import type { Difference } from './difference.js';

/**
 * What a store answers in each situation, by key. Most of it is waiting, so it is done at once: first
 * what any store is asked, then what only a node is, which keeps it busy.
 */
export const measured = async (
  store: Store,
  differences: readonly Difference[],
): Promise<ReadonlyMap<string, string>> => {
  const anywhere = differences.filter(({ onlyNode }) => onlyNode !== true);
  const onNode = differences.filter(({ onlyNode }) => onlyNode === true);
  return new Map([...(await allAtOnce(store, anywhere)), ...(await allAtOnce(store, onNode))]);
};

const allAtOnce = (
  store: Store,
  differences: readonly Difference[],
): Promise<(readonly [key: string, answer: string])[]> =>
  Promise.all(
    differences.map(async ({ key, measure }) => {
      try {
        return [key, await measure(store)] as const;
      } catch (error) {
        return [key, `failed: ${String(error)}`] as const;
      }
    }),
  );
