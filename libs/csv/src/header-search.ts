import { isBracketed, NamedColumns, takesUnit } from './column-names.js';
import type { KnownList, Layout } from './layout.js';
import { goesOn, type NamedRecord, namedRecord, oneRow, type Titles, twoRows } from './titles.js';

/** Fewer recognised names than this is a coincidence, not a header. */
const leastMatches = 2;
/** Longest text that is taken for the title of a list. */
const maxListTitle = 80;

/** The rows that are a header, before it is checked. */
export interface FoundHeader {
  readonly layout: Layout;
  /** The first of its rows among the records that were searched, from 0. */
  readonly row: number;
  readonly height: 1 | 2;
  readonly titles: Titles;
  /** Which column of the layout each title names. */
  readonly named: readonly (string | undefined)[];
  /** Columns of the layout that it names. */
  readonly matches: number;
  readonly preference: number;
}

/** Another kind of list that a file looks like, and the titles that tell it, as written, by what they say. */
export interface Sighting {
  readonly list: KnownList;
  readonly by: ReadonlyMap<string, string>;
}

interface Candidate {
  readonly layout: Layout;
  readonly columns: NamedColumns;
}

/** Looks for the header among the first records of a file, as they come. */
export class HeaderSearch {
  readonly records: NamedRecord[] = [];
  found: FoundHeader | undefined;
  private readonly candidates: readonly Candidate[];
  private readonly others: readonly KnownList[];
  /** The titles that tell another list, by the record that they stand in. */
  private readonly marked: (readonly Sighting[])[] = [];

  constructor(layouts: readonly Layout[]) {
    this.candidates = layouts.map((layout) => ({ layout, columns: new NamedColumns(layout) }));
    this.others = [...new Set(layouts.flatMap(({ others = [] }) => others))];
  }

  add(cells: readonly string[]): void {
    const record = namedRecord(cells);
    const above = this.records.at(-1);
    const row = this.records.length;
    for (const candidate of this.candidates) {
      if (above && goesOn(above, record)) this.tryTwo(candidate, above, record, row - 1);
      this.consider(candidate, { row, height: 1, titles: oneRow(record), preference: 1 });
    }
    this.records.push(record);
    this.marked.push(this.others.flatMap((list) => sightingIn(list, record) ?? []));
  }

  /** The other kind of list that the found header, or a title above it, names. */
  otherThanFound({ layout, row, height }: FoundHeader): Sighting | undefined {
    const others = layout.others ?? [];
    const told = this.toldIn(row, row + height).find(({ list }) => others.includes(list));
    if (told) return told;
    // Of several titles the one that is nearest to the header counts.
    for (const record of this.records.slice(0, row).reverse()) {
      const title = loneText(record);
      if (title === undefined) continue;
      if (layout.titleRow?.test(title.name)) return undefined;
      const titled = titledList(others, title);
      if (titled) return titled;
    }
    return undefined;
  }

  /** The kind of list that the records look like where no layout fits. */
  otherList(): Sighting | undefined {
    const told = this.records.flatMap((_, row) => this.toldIn(row, row + 2)).sort(byMost);
    if (told[0]) return told[0];
    const titles = this.records.flatMap((record) => loneText(record) ?? []);
    return titles.map((title) => titledList(this.others, title)).find((list) => list);
  }

  /** The lists that the titles of some records tell, the one with most marks first. */
  private toldIn(from: number, to: number): Sighting[] {
    const all = new Map<KnownList, Map<string, string>>();
    for (const { list, by } of this.marked.slice(from, to).flat()) {
      const known = all.get(list) ?? new Map<string, string>();
      for (const [mark, title] of by) if (!known.has(mark)) known.set(mark, title);
      all.set(list, known);
    }
    const told = [...all].map(([list, by]) => ({ list, by }));
    return told.filter(({ list, by }) => by.size >= list.least).sort(byMost);
  }

  private tryTwo(candidate: Candidate, upper: NamedRecord, lower: NamedRecord, row: number): void {
    const { columns } = candidate;
    const isGroups = upper.names.every((name) => columns.columnOf(name) === undefined);
    const titles = twoRows(upper, lower, isGroups);
    // A title of the whole sheet stands above a header of one row as a group does, but in the first column.
    const isSheetTitle = isGroups && upper.cells.slice(1).every((cell) => cell.trim() === '');
    this.consider(candidate, { row, height: 2, titles, preference: isSheetTitle ? 0 : 2 });
  }

  private consider(
    { layout, columns }: Candidate,
    header: Pick<FoundHeader, 'row' | 'height' | 'titles' | 'preference'>,
  ): void {
    const named = header.titles.map((readings) =>
      readings.map(({ name }) => columns.columnOf(name)).find((name) => name !== undefined),
    );
    const matches = new Set(named.filter((name) => name !== undefined)).size;
    const least = Math.min(leastMatches, Object.keys(layout.columns).length);
    const best = this.found;
    const isBetter =
      matches > (best?.matches ?? 0) ||
      (matches === best?.matches &&
        header.preference > best.preference &&
        header.row - best.row < 2);
    if (matches >= least && isBetter) this.found = { layout, named, matches, ...header };
  }
}

/** Whether a row below the header holds nothing but units, in brackets or such as their columns may be in. */
export const isUnitsRow = ({ layout, named }: FoundHeader, record: readonly string[]): boolean => {
  let units = 0;
  for (const [at, cell] of record.entries()) {
    if (cell.trim() === '') continue;
    const column = layout.columns[named[at] ?? ''];
    if (!isBracketed(cell) && !(column && takesUnit(column, cell))) return false;
    units += 1;
  }
  return units > 0;
};

const byMost = (a: Sighting, b: Sighting): number => b.by.size - a.by.size;

const sightingIn = (list: KnownList, { cells, names }: NamedRecord): Sighting | undefined => {
  const by = new Map<string, string>();
  for (const mark of list.marks) {
    const at = names.findIndex((name) => hasWords(name, mark));
    if (at >= 0) by.set(mark, cells[at] ?? '');
  }
  return by.size > 0 ? { list, by } : undefined;
};

/** Whether a text has another in it, as whole words: `UL 9540A` is another standard than `UL 9540`. */
const hasWords = (name: string, mark: string): boolean => {
  const at = name.indexOf(mark);
  if (at < 0) return false;
  return !isOfWord(name.charAt(at - 1)) && !isOfWord(name.charAt(at + mark.length));
};

const isOfWord = (character: string): boolean => /[\p{Letter}\d]/u.test(character);

interface Title {
  readonly text: string;
  readonly name: string;
}

const titledList = (lists: readonly KnownList[], { text, name }: Title): Sighting | undefined => {
  const list = lists.find(({ titleRow }) => titleRow?.test(name));
  return list && { list, by: new Map([[name, text]]) };
};

/** The text of a record that holds nothing else, where it is short enough for a title. */
const loneText = ({ cells, names }: NamedRecord): Title | undefined => {
  const at = cells.findIndex((cell) => cell.trim() !== '');
  const text = cells[at];
  if (text === undefined || text.length > maxListTitle) return undefined;
  const isLone = cells.every((cell, other) => other === at || cell.trim() === '');
  return isLone ? { text, name: names[at] ?? '' } : undefined;
};
