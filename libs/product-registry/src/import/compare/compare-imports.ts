import type { KeptFiles } from '#jobs/kept-files.js';
import { Refusal } from '#kernel/refusal.js';

import type { ReceivedImport } from '../state.js';
import { compareLists, type ListComparison } from './compare-lists.js';
import { type ReadList, readList } from './read-list.js';
import { SharedFacts } from './shared-facts.js';

export interface ComparedImport {
  readonly id: string;
  readonly state: ReceivedImport;
}

export interface ComparedList extends Omit<ReadList, 'rows'> {
  readonly id: string;
  readonly file: string | null;
}

export interface ImportComparison extends ListComparison {
  readonly before: ComparedList;
  readonly after: ComparedList;
}

/** Well within the two minutes after which proxies take a silent server for a dead one. */
export const longestMs = 60_000;

/**
 * Compares the kept files of two imports. Throws `LISTS_NOT_COMPARABLE` where they are no lists of products,
 * `FILE_MISSING`, `COMPARISON_TOO_LONG`, what `readList` throws, and what `gone` is aborted with.
 */
export const compareImports = (
  files: Pick<KeptFiles, 'find'>,
  [before, after]: readonly [ComparedImport, ComparedImport],
  gone: AbortSignal,
  withinMs = longestMs,
): Promise<ImportComparison> =>
  inTime(gone, withinMs, async (signal) => {
    for (const one of [before, after]) requireProducts(one);
    const facts = new SharedFacts();
    const { rows: earlier, ...first } = await read(files, before, facts, signal);
    const { rows: later, ...second } = await read(files, after, facts, signal);
    const compared = await compareLists(earlier, later, signal);
    return { before: first, after: second, ...compared };
  });

/** Work on two lists, within a bound of time. Throws `COMPARISON_TOO_LONG`, and what `gone` is aborted with. */
export const inTime = async <T>(
  gone: AbortSignal,
  withinMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = AbortSignal.timeout(withinMs);
  try {
    return await work(AbortSignal.any([gone, late]));
  } catch (error) {
    gone.throwIfAborted();
    throw error === late.reason ? tooLong(withinMs) : error;
  }
};

const read = async (
  files: Pick<KeptFiles, 'find'>,
  { id, state }: ComparedImport,
  facts: SharedFacts,
  signal: AbortSignal,
): Promise<ReadList & ComparedList> => {
  const path = await requireFile(files, { id, state });
  return { id, file: state.received.file, ...(await readList(path, facts, signal)) };
};

/** Where the file of an import is kept. Throws `FILE_MISSING`. */
export const requireFile = async (
  files: Pick<KeptFiles, 'find'>,
  { id, state }: ComparedImport,
): Promise<string> => {
  const { sha256 } = state.received;
  const path = await files.find(sha256);
  if (path === undefined) throw fileMissing(id, sha256);
  return path;
};

const requireProducts = ({ id, state }: ComparedImport): void => {
  const { kind } = state.received;
  if (kind === 'products') return;
  throw new Refusal(
    'LISTS_NOT_COMPARABLE',
    'unprocessable',
    `import ${id} is a list of ${kind}; two lists of products are compared`,
  );
};

const fileMissing = (id: string, sha256: string) =>
  new Refusal(
    'FILE_MISSING',
    'unprocessable',
    `the file ${sha256} of import ${id} is not in the data folder; send it again, or restore it`,
  );

const tooLong = (ms: number) =>
  new Refusal(
    'COMPARISON_TOO_LONG',
    'unprocessable',
    `the lists could not be read and compared within ${String(ms / 1_000)} seconds`,
  );
