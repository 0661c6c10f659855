import type { KeptFiles } from '#jobs/kept-files.js';

import type { ProductRegistry } from '../../registry.js';
import {
  type ComparedImport,
  inTime,
  longestMs,
  readAndCompare,
} from '../compare/compare-imports.js';
import type { Absence } from '../events.js';
import { absentProducts } from './absent-products.js';
import { earlierImport, type EarlierListTools, type ListOfRun } from './earlier-list.js';

/** What a list is compared with the one before it by. */
export interface ComparisonTools extends EarlierListTools {
  readonly registry: ProductRegistry;
  readonly files: KeptFiles;
  /** How long that may take, in milliseconds. */
  readonly compareWithinMs?: number | undefined;
}

export interface ComparedWithEarlier {
  /** The import of the earlier list. */
  readonly previous: string;
  readonly products: readonly Absence[];
}

/**
 * What the newest earlier list of the same layout names and this one does not; undefined where there is no such list. A run
 * that goes on after a crash keeps to the list that it was compared with before.
 *
 * Throws what `readAndCompare` throws, `NOT_YET_VISIBLE`, `COMPARISON_TOO_LONG` and what `halt` is aborted with.
 */
export const compareWithEarlier = (
  tools: ComparisonTools,
  list: ListOfRun,
  halt: AbortSignal,
): Promise<ComparedWithEarlier | undefined> =>
  inTime(halt, tools.compareWithinMs ?? longestMs, async (signal) => {
    const earlier =
      (await comparedBefore(tools, list)) ?? (await earlierImport(tools, list, signal));
    if (!earlier) return undefined;
    const compared = await readAndCompare(tools.files, [earlier, list], signal);
    const products = await absentProducts(tools.registry, compared, signal);
    return { previous: earlier.id, products };
  });

const comparedBefore = async (
  { imports }: EarlierListTools,
  { state: { absent, run } }: ListOfRun,
): Promise<ComparedImport | undefined> => {
  if (absent?.run !== run) return undefined;
  const { state } = await imports.refresh(absent.previous);
  return state.status === 'none' ? undefined : { id: absent.previous, state };
};
