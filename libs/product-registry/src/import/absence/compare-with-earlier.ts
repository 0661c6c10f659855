import type { CsvFile } from '#csv/csv-file.js';
import type { KeptFiles } from '#jobs/kept-files.js';

import type { ProductRegistry } from '../../registry.js';
import { type ComparedImport, inTime, longestMs, requireFile } from '../compare/compare-imports.js';
import type { Absence } from '../events.js';
import { absentProducts } from './absent-products.js';
import { type ChangedRows, changedRows } from './changed-rows.js';
import { earlierImport, type EarlierListTools, type ListOfRun } from './earlier-list.js';

/** What a list is compared with the one before it by. */
export interface ComparisonTools extends EarlierListTools {
  readonly registry: ProductRegistry;
  readonly files: KeptFiles;
  /** How long that may take, in milliseconds. */
  readonly compareWithinMs?: number | undefined;
}

/** What the list before another one names otherwise, as far as the files say it. */
export interface EarlierList {
  /** Its import. */
  readonly previous: string;
  readonly changed: ChangedRows;
}

export interface ComparedWithEarlier extends Pick<EarlierList, 'previous'> {
  readonly products: readonly Absence[];
}

/**
 * The newest earlier list of the same layout beside this one; undefined where there is no such list. It needs no row of this
 * one to be carried out. A run that goes on after a crash keeps to the list that it was compared with before.
 *
 * Throws what `changedRows` throws, `FILE_MISSING`, `NOT_YET_VISIBLE`, `COMPARISON_TOO_LONG` and what `halt` is aborted with.
 */
export const readEarlier = (
  tools: ComparisonTools,
  list: ListOfRun,
  file: CsvFile,
  halt: AbortSignal,
): Promise<EarlierList | undefined> =>
  inTime(halt, tools.compareWithinMs ?? longestMs, async (signal) => {
    const earlier =
      (await comparedBefore(tools, list)) ?? (await earlierImport(tools, list, signal));
    if (!earlier) return undefined;
    const changed = await changedRows(await requireFile(tools.files, earlier), file, signal);
    return { previous: earlier.id, changed };
  });

/** What the earlier list names and this one, whose rows are done, does not. Throws as `readEarlier` does. */
export const compareWithEarlier = (
  { registry, compareWithinMs = longestMs }: Pick<ComparisonTools, 'registry' | 'compareWithinMs'>,
  { previous, changed }: EarlierList,
  halt: AbortSignal,
): Promise<ComparedWithEarlier> =>
  inTime(halt, compareWithinMs, async (signal) => ({
    previous,
    products: await absentProducts(registry, changed, signal),
  }));

const comparedBefore = async (
  { imports }: EarlierListTools,
  { state: { absent, run } }: ListOfRun,
): Promise<ComparedImport | undefined> => {
  if (absent?.run !== run) return undefined;
  const { state } = await imports.refresh(absent.previous);
  return state.status === 'none' ? undefined : { id: absent.previous, state };
};
