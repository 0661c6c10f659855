import { Refusal } from '#kernel/refusal.js';

import { columnName, unitInName } from './column-name.js';

/** One column that a layout knows. */
export interface LayoutColumn {
  /** Names in the normal form of `columnName`, without the unit. The first is shown in messages. */
  readonly names: readonly string[];
  readonly required?: true;
  /** The only unit that the column may be in: another one, in its name or below it, fails the import. */
  readonly unit?: string;
  /** Holds decimals: tells a file with decimal commas from one with points. */
  readonly decimal?: true;
}

/** A published list that can be imported: its columns by our own name for them. */
export interface Layout<C extends string = string> {
  /** Stored with the import. */
  readonly name: string;
  readonly title: string;
  readonly columns: Readonly<Record<C, LayoutColumn>>;
}

/** A header row as it was recognised: where in a record each column lies. */
export interface Header<C extends string = string> {
  readonly layout: Layout<C>;
  readonly index: Readonly<Partial<Record<C, number>>>;
  /** Names of columns that the layout does not know, as written. */
  readonly ignored: readonly string[];
}

/** Longest text that is taken for a column's title: recognising one costs more than its length. */
const maxTitle = 300;

/** The column that a header cell names, or undefined. */
const columnOf = (layout: Layout, cell: string): string | undefined => {
  if (cell.length > maxTitle || cell.trim() === '') return undefined;
  const whole = columnName(cell);
  if (whole === '') return undefined;
  const withoutUnit = whole.replace(/ ?\([^()]*\)$/, '');
  return Object.entries(layout.columns).find(
    ([, { names }]) => names.includes(whole) || names.includes(withoutUnit),
  )?.[0];
};

/** How many different columns of the layout a record names. */
const matchCount = (layout: Layout, record: readonly string[]): number =>
  new Set(record.map((cell) => columnOf(layout, cell)).filter((name) => name !== undefined)).size;

/** Fewer recognised names than this is a coincidence, not a header. */
const leastMatches = 2;

export interface FoundHeader {
  readonly layout: Layout;
  /** Of the records that were searched, from 0. */
  readonly row: number;
  /** Columns of the layout that the record names. */
  readonly matches: number;
}

/** Looks for the record that names most columns of any layout; of equals the first one is kept. */
export class HeaderSearch {
  best: FoundHeader | undefined;
  private row = 0;

  constructor(private readonly layouts: readonly Layout[]) {}

  add(record: readonly string[]): void {
    for (const layout of this.layouts) {
      const least = Math.min(leastMatches, Object.keys(layout.columns).length);
      const matches = matchCount(layout, record);
      if (matches >= least && matches > (this.best?.matches ?? 0)) {
        this.best = { layout, row: this.row, matches };
      }
    }
    this.row += 1;
  }
}

/**
 * Reads a header row. Throws `Refusal`: `COLUMN_MISSING` (names each), `COLUMN_TWICE`,
 * `UNIT_UNEXPECTED`.
 */
export const readHeader = (layout: Layout, record: readonly string[]): Header => {
  const index: Record<string, number> = {};
  const ignored: string[] = [];
  record.forEach((cell, at) => {
    const name = columnOf(layout, cell);
    if (name === undefined) {
      if (cell.trim() !== '') ignored.push(shown(cell));
      return;
    }
    if (index[name] !== undefined) throw columnTwice(layout, name);
    const unit = layout.columns[name]?.unit;
    if (unit !== undefined) checkUnit(cell, unit, unitInName(cell));
    index[name] = at;
  });
  const missing = Object.entries(layout.columns).filter(
    ([name, column]) => column.required && index[name] === undefined,
  );
  if (missing.length > 0) throw columnMissing(layout, missing, record);
  return { layout, index, ignored };
};

/** A row below the header that holds nothing but units in brackets, such as `(kWh)`. */
export const isUnitsRow = (record: readonly string[]): boolean => {
  const filled = record.map((cell) => cell.trim()).filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => /^\(+[^()]{1,12}\)+\d?$/.test(cell));
};

/** Throws `Refusal` `UNIT_UNEXPECTED` where the row names another unit than the layout takes. */
export const checkUnitsRow = (header: Header, record: readonly string[]): void => {
  for (const [name, { unit, names }] of Object.entries(header.layout.columns)) {
    const at = header.index[name];
    if (unit === undefined || at === undefined) continue;
    checkUnit(names[0] ?? name, unit, unitInName(record[at] ?? ''));
  }
};

const checkUnit = (column: string, expected: string, found: string | undefined): void => {
  if (found === undefined || found.toLowerCase() === expected.toLowerCase()) return;
  throw new Refusal(
    'UNIT_UNEXPECTED',
    'unprocessable',
    `column "${shown(column)}" is in "${shown(found)}", expected ${expected}`,
  );
};

const columnTwice = (layout: Layout, name: string) =>
  new Refusal(
    'COLUMN_TWICE',
    'unprocessable',
    `the header names the column "${layout.columns[name]?.names[0] ?? name}" twice`,
  );

const columnMissing = (
  layout: Layout,
  missing: readonly (readonly [string, LayoutColumn])[],
  record: readonly string[],
) =>
  new Refusal(
    'COLUMN_MISSING',
    'unprocessable',
    `the file looks like ${layout.title}, but lacks ${missing
      .map(([name, { names }]) => `"${names[0] ?? name}"`)
      .join(', ')}; found ${listed(record)}`,
  );

/** Throws always: no record of the file's beginning names the columns of any layout. */
export const unknownLayout = (
  layouts: readonly Layout[],
  records: readonly (readonly string[])[],
): Refusal => {
  const first = records.find((record) => record.some((cell) => cell.trim() !== '')) ?? [];
  const expected = layouts.map(
    ({ title, columns }) =>
      `${title} (${Object.values<LayoutColumn>(columns)
        .filter(({ required }) => required)
        .map(({ names }) => `"${names[0] ?? ''}"`)
        .join(', ')})`,
  );
  return new Refusal(
    'LAYOUT_UNKNOWN',
    'unprocessable',
    `found no header row in the first ${String(records.length)} rows; the first one is ${listed(first)}; expected ${expected.join(' or ')}`,
  );
};

const listed = (record: readonly string[]): string => {
  const cells = record.filter((cell) => cell.trim() !== '').map((cell) => `"${shown(cell)}"`);
  const more = cells.length > 20 ? `, and ${String(cells.length - 20)} more` : '';
  return cells.length === 0 ? 'empty' : cells.slice(0, 20).join(', ') + more;
};

/** Text of a file as part of a message: short, on one line, without control characters. */
const shown = (text: string): string => {
  const line = text
    .slice(0, maxTitle)
    .replace(/[\s\p{Control}]+/gu, ' ')
    .trim();
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};
