import { columnName, isBracketed } from './column-names.js';

/** A record with the normal forms of its cells. */
export interface NamedRecord {
  readonly cells: readonly string[];
  readonly names: readonly string[];
}

/** One way to read the title of a column: as written, and in the normal form. */
interface Reading {
  readonly text: string;
  readonly name: string;
}

/** The ways to read the title of each column, the fullest first; none for a column without a title. */
export type Titles = readonly (readonly Reading[])[];

export const namedRecord = (cells: readonly string[]): NamedRecord => ({
  cells,
  names: cells.map(columnName),
});

/** The titles of a header of one row. */
export const oneRow = ({ cells, names }: NamedRecord): Titles =>
  names.map((name, at) => (isBlank(cells[at]) ? [] : [{ text: cells[at] ?? '', name }]));

/**
 * The titles of a header of two rows, as it stands under merged cells: a text of the upper row goes on over
 * the blank cells at its right, wherever the lower row has a text. `isGroups` tells that the upper row
 * names groups only, so that a title of the lower row may stand alone, too.
 */
export const twoRows = (upper: NamedRecord, lower: NamedRecord, isGroups: boolean): Titles => {
  let group: Reading | undefined;
  const width = Math.max(upper.cells.length, lower.cells.length);
  return Array.from({ length: width }, (_, at) => {
    const above = readingAt(upper, at);
    const below = readingAt(lower, at);
    group = above ?? group;
    if (!below) return above ? [above] : [];
    if (!group) return [below];
    const both = { text: `${group.text} ${below.text}`, name: `${group.name} ${below.name}` };
    return isGroups ? [both, below] : [both];
  });
};

/**
 * Whether the lower row goes on with the titles of the upper one: each of its cells is a unit in brackets,
 * stands below a blank cell or begins a group, and at least one of them is a unit or in a group.
 */
export const goesOn = (upper: NamedRecord, lower: NamedRecord): boolean => {
  let isPart = false;
  for (const [at, cell] of lower.cells.entries()) {
    if (isBlank(cell)) continue;
    const beginsGroup =
      !isBlank(upper.cells[at]) && isBlank(upper.cells[at + 1]) && !isBlank(lower.cells[at + 1]);
    if (isBracketed(cell) || beginsGroup) isPart = true;
    else if (!isBlank(upper.cells[at])) return false;
  }
  return isPart;
};

const readingAt = ({ cells, names }: NamedRecord, at: number): Reading | undefined =>
  isBlank(cells[at]) ? undefined : { text: cells[at] ?? '', name: names[at] ?? '' };

const isBlank = (cell: string | undefined): boolean => cell === undefined || cell.trim() === '';
