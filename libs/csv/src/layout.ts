import { Refusal } from '#kernel/refusal.js';

/** One column that a layout knows. */
export interface LayoutColumn {
  /** Names in the normal form of `columnName`, without the unit. The first is shown in messages. */
  readonly names: readonly string[];
  readonly required?: true;
  /** The units that the column may be in: another one, in its name or below it, is refused. */
  readonly units?: readonly [string, ...string[]];
  /** Holds decimals: tells a file with decimal commas from one with points. */
  readonly decimal?: true;
  /** Holds dates: tells those with the day first from those with the month first. */
  readonly date?: true;
}

/** A kind of file that can be read: its columns by our own name for them. */
export interface Layout<C extends string = string> {
  /** To be stored with what is read. */
  readonly name: string;
  /** As messages call such a file. */
  readonly title: string;
  readonly columns: Readonly<Record<C, LayoutColumn>>;
}

/** A header row as it was recognised: where in a record each column lies. */
export interface Header<C extends string = string> {
  readonly layout: Layout<C>;
  readonly index: Readonly<Partial<Record<C, number>>>;
  /** What stands in brackets behind the name of a column, or below it, as written: a unit, or the form of a date. */
  readonly units: Readonly<Partial<Record<C, string>>>;
  /** Names of columns that the layout does not know, as written. */
  readonly ignored: readonly string[];
}

/** The record that is a header, before it is checked. */
export interface FoundHeader {
  readonly layout: Layout;
  /** Of the records that were searched, from 0. */
  readonly row: number;
  /** Columns of the layout that the record names. */
  readonly matches: number;
}

/** Longest text that is taken for a column's title: recognising one costs more than its length. */
const maxTitle = 300;
/** Fewer recognised names than this is a coincidence, not a header. */
const leastMatches = 2;

/**
 * The normal form under which column names are compared: NFKC (which turns superscript footnote
 * marks into digits), lower case, whitespace collapsed, and without footnote digits, which stand
 * directly behind a letter or a closing bracket at the end or before the unit: `Brand1`,
 * `Discharge Rate2 (kW)`, `Efficiency (%, Ac-AC)1`. Double brackets around a unit become single.
 */
const columnName = (raw: string): string =>
  raw
    .normalize('NFKC')
    .replace(/^\ufeff/, '')
    .replace(/[\s\u200b]+/g, ' ')
    .trim()
    .toLowerCase()
    .replace(/\(\(/g, '(')
    .replace(/\)\)/g, ')')
    .replace(/(?<=[\p{Letter})])\d(?= ?\(|$)/gu, '')
    .replace(/ ?\*+$/, '');

/** The unit that a column name ends with, such as `kWh` in `Capacity (kWh)`. */
const unitInName = (raw: string): string | undefined =>
  /\(([^()]+)\)\d?$/.exec(raw.trim().replace(/\)\)/g, ')'))?.[1]?.trim();

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

/** The record as a header of one of the layouts, where it names more columns than `best` does; else `best`. */
export const betterHeader = (
  layouts: readonly Layout[],
  record: readonly string[],
  row: number,
  best: FoundHeader | undefined,
): FoundHeader | undefined =>
  layouts.reduce((found, layout) => {
    const named = record.map((cell) => columnOf(layout, cell));
    const matches = new Set(named.filter((name) => name !== undefined)).size;
    const least = Math.min(leastMatches, Object.keys(layout.columns).length);
    return matches >= least && matches > (found?.matches ?? 0) ? { layout, row, matches } : found;
  }, best);

/**
 * Reads a header row. Throws `Refusal`: `COLUMN_MISSING` (names each), `COLUMN_TWICE`,
 * `UNIT_UNEXPECTED`.
 */
export const readHeader = (layout: Layout, record: readonly string[]): Header => {
  const index: Record<string, number> = {};
  const units: Record<string, string> = {};
  const ignored: string[] = [];
  record.forEach((cell, at) => {
    const name = columnOf(layout, cell);
    if (name === undefined) {
      if (cell.trim() !== '') ignored.push(shown(cell));
      return;
    }
    if (index[name] !== undefined) {
      throw refusal('COLUMN_TWICE', `the header names the column "${titleOf(layout, name)}" twice`);
    }
    const unit = unitInName(cell);
    checkUnit(cell, layout.columns[name], unit);
    if (unit !== undefined) units[name] = unit;
    index[name] = at;
  });
  const missing = requiredOf(layout).filter((name) => index[name] === undefined);
  if (missing.length > 0) {
    throw refusal(
      'COLUMN_MISSING',
      `the file looks like ${layout.title}, but lacks ${titlesOf(layout, missing)}; found ${listed(record)}`,
    );
  }
  return { layout, index, units, ignored };
};

/** A row below the header that holds nothing but units in brackets, such as `(kWh)`. */
export const isUnitsRow = (record: readonly string[]): boolean => {
  const filled = record.map((cell) => cell.trim()).filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => /^\(+[^()]{1,12}\)+\d?$/.test(cell));
};

/** The header with the units of the row below it. Throws `Refusal` `UNIT_UNEXPECTED` for one that the layout does not take. */
export const withUnitsRow = (header: Header, record: readonly string[]): Header => {
  const { layout, index } = header;
  const units = { ...header.units };
  for (const [name, column] of Object.entries(layout.columns)) {
    const at = index[name];
    const unit = at === undefined ? undefined : unitInName(record[at] ?? '');
    if (unit === undefined) continue;
    checkUnit(titleOf(layout, name), column, unit);
    units[name] = unit;
  }
  return { ...header, units };
};

const checkUnit = (
  column: string,
  { units }: LayoutColumn = { names: [] },
  found: string | undefined,
): void => {
  if (units === undefined || found === undefined) return;
  if (units.some((unit) => unit.toLowerCase() === found.toLowerCase())) return;
  throw refusal(
    'UNIT_UNEXPECTED',
    `column "${shown(column)}" is in "${shown(found)}", expected ${units.join(' or ')}`,
  );
};

/** The refusal of a file none of whose first records names the columns of any layout. */
export const layoutUnknown = (
  layouts: readonly Layout[],
  records: readonly (readonly string[])[],
): Refusal => {
  const first = records.find((record) => record.some((cell) => cell.trim() !== '')) ?? [];
  const expected = layouts.map(
    (layout) => `${layout.title} (${titlesOf(layout, requiredOf(layout))})`,
  );
  return refusal(
    'LAYOUT_UNKNOWN',
    `found no header row in the first ${String(records.length)} rows; the first one is ${listed(first)}; expected ${expected.join(' or ')}`,
  );
};

const requiredOf = ({ columns }: Layout): readonly string[] =>
  Object.keys(columns).filter((name) => columns[name]?.required);

const titleOf = ({ columns }: Layout, name: string): string => columns[name]?.names[0] ?? name;

const titlesOf = (layout: Layout, names: readonly string[]): string =>
  names.map((name) => `"${titleOf(layout, name)}"`).join(', ');

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

const refusal = (code: string, message: string) => new Refusal(code, 'unprocessable', message);
