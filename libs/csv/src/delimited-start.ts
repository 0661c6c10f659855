import { Refusal } from '#kernel/refusal.js';

import { type ReadHeader, readHeader } from './header.js';
import { layoutUnknown, otherList } from './header-refusals.js';
import { HeaderSearch, isUnitsRow } from './header-search.js';
import type { Layout } from './layout.js';
import {
  type Delimiter,
  delimiters,
  filledCells,
  readRecords,
  type RecordOptions,
} from './records.js';

/** Records at the start of a file among which the header is looked for: titles and notes come first. */
export const headerSearch = 64;

/** Where the data of a file begin. */
export interface Start extends ReadHeader {
  /** Records before the first data record: titles, notes, header, units. */
  readonly leading: number;
  /** Texts above the header. */
  readonly notes: readonly string[];
}

/** Where the data begin below the header that the search found. Throws what `readHeader` throws. */
export const startOf = (search: HeaderSearch): Start | undefined => {
  const { found, records } = search;
  if (!found) return undefined;
  const end = found.row + found.height;
  const below = records[end]?.cells;
  const units = below !== undefined && isUnitsRow(found, below) ? below : undefined;
  const notes = records.slice(0, found.row).flatMap(({ cells }) => cells.filter(isFilled));
  return { ...readHeader(search, found, units), leading: end + (units ? 1 : 0), notes };
};

const isFilled = (cell: string): boolean => cell.trim() !== '';

type Source = Pick<RecordOptions, 'source' | 'encoding' | 'signal'>;

/** Tries each delimiter and keeps the one under which a record names most known columns. */
export const findStart = async (
  source: Source,
  layouts: readonly Layout[],
): Promise<Start & { readonly delimiter: Delimiter }> => {
  const tries: Beginning[] = [];
  for (const delimiter of delimiters) {
    tries.push(await beginningOf({ ...source, delimiter }, layouts));
  }
  // The sort is stable: of equals the first delimiter wins.
  tries.sort((a, b) => (b.search.found?.matches ?? 0) - (a.search.found?.matches ?? 0));
  const [best] = tries;
  const start = best && startOf(best.search);
  if (!start) throw whyNotRecognised(tries, layouts);
  return { ...start, delimiter: best.delimiter };
};

/** The first records of a file as they are under one delimiter. */
interface Beginning {
  readonly delimiter: Delimiter;
  readonly search: HeaderSearch;
  /** With a wrong delimiter a file may not even parse: what came before is enough to judge it. */
  readonly refusal: Refusal | undefined;
}

const beginningOf = async (
  source: Source & { readonly delimiter: Delimiter },
  layouts: readonly Layout[],
): Promise<Beginning> => {
  const search = new HeaderSearch(layouts);
  let refusal: Refusal | undefined;
  try {
    for await (const record of readRecords({ ...source, limit: headerSearch })) search.add(record);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refusal = error;
  }
  return { delimiter: source.delimiter, search, refusal };
};

/** What the file looks like, why it cannot be read far enough to tell, or that nothing like it is known. */
export const whyNotRecognised = (
  tries: readonly Pick<Beginning, 'search' | 'refusal'>[],
  layouts: readonly Layout[],
): Refusal => {
  // Under a wrong delimiter a whole row is one title: of equals the widest one wins.
  const others = [...tries]
    .sort((a, b) => filledIn(b) - filledIn(a))
    .flatMap(({ search }) => search.otherList() ?? []);
  const [other] = others.sort((a, b) => b.by.size - a.by.size);
  if (other) return otherList(other, layouts);
  const refusals = tries.flatMap(({ refusal }) => refusal ?? []);
  // Under a wrong delimiter whole rows are cells: which ones are too wide says more.
  const unreadable = refusals.find(({ code }) => code === 'ROW_TOO_WIDE') ?? refusals[0];
  const cells = widest(tries)?.search.records.map((record) => record.cells) ?? [];
  return unreadable ?? layoutUnknown(layouts, cells);
};

const widest = <T extends Pick<Beginning, 'search'>>(tries: readonly T[]): T | undefined =>
  [...tries].sort((a, b) => filledIn(b) - filledIn(a))[0];

const filledIn = ({ search }: Pick<Beginning, 'search'>): number =>
  Math.max(0, ...search.records.map(({ cells }) => filledCells(cells)));
