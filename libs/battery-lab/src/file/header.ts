import { filledCells, type NumberedRecord } from '#csv/records.js';
import { Refusal } from '#kernel/refusal.js';

import { factorOf, type Field, type Title } from './fields.js';
import type { FileColumn, FileLayout } from './layouts.js';
import { shown } from './report.js';

/** A column of a file as it is read. */
export interface FoundColumn {
  readonly at: number;
  /** As it stands in the file. */
  readonly title: string;
  /** Undefined where neither the title nor the layout says one. */
  readonly unit: string | undefined;
  readonly factor: number;
}

export interface FileHeader {
  readonly layout: FileLayout;
  readonly line: number;
  readonly titles: readonly string[];
  readonly columns: Readonly<Partial<Record<Field, FoundColumn>>>;
  readonly width: { readonly titled: number; readonly whole: number };
}

/** A record read as the header of a layout: complete where nothing is missing. */
export interface HeaderTry {
  readonly header: FileHeader;
  readonly matches: number;
  readonly missing: readonly string[];
  /** A column that is needed and stands in a unit that it cannot be in. */
  readonly wrongUnit: string | undefined;
}

const titleOfColumn = ({ names }: FileColumn): string => `"${names[0] ?? ''}"`;

export const readAs = (
  layout: FileLayout,
  { cells, line }: NumberedRecord,
  titles: readonly Title[],
): HeaderTry => {
  const columns: Partial<Record<Field, FoundColumn>> = {};
  const missing: string[] = [];
  let wrongUnit: string | undefined;
  for (const [field, column] of Object.entries(layout.columns) as [Field, FileColumn][]) {
    const at = column.names
      .map((name) => titles.findIndex((title) => isNamed(title, name, field)))
      .find((index) => index >= 0);
    if (at === undefined) {
      if (column.required) missing.push(titleOfColumn(column));
      const named = titles.find(({ name }) => column.names.includes(name));
      if (column.required && named?.unit !== undefined) {
        wrongUnit ??= `column ${titleOfColumn(column)} is in "${shown(named.unit)}"`;
      }
      continue;
    }
    const titled = titles[at]?.unit;
    const isKnown = titled !== undefined && factorOf(field, titled) !== undefined;
    if (layout.unitsSaid && column.required && !isKnown) {
      missing.push(`${titleOfColumn(column)} with its unit`);
      continue;
    }
    const said = isKnown ? titled : column.unit;
    const factor = said === undefined ? 1 : factorOf(field, said);
    if (factor === undefined) {
      wrongUnit ??= `column ${titleOfColumn(column)} is in "${shown(said ?? '')}"`;
      missing.push(titleOfColumn(column));
      continue;
    }
    columns[field] = { at, title: (cells[at] ?? '').trim(), unit: said, factor };
  }
  const width = { titled: filledCells(cells), whole: cells.length };
  const header = { layout, line, titles: cells.map((cell) => cell.trim()), columns, width };
  return { header, matches: Object.keys(columns).length, missing, wrongUnit };
};

/** By its whole title, or by its name with a unit that the field can be in. */
const isNamed = ({ whole, name, unit }: Title, wanted: string, field: Field): boolean => {
  if (whole === wanted) return true;
  return name === wanted && unit !== undefined && factorOf(field, unit) !== undefined;
};

/** The refusal of a file whose header is none that is known. */
export const unknownLayout = (
  layouts: readonly FileLayout[],
  closest: HeaderTry | undefined,
  first: readonly string[],
): Refusal => {
  // Most of what a layout needs is there: the file is of it, and the missing column is worth a name.
  if (closest && closest.matches >= 3 && closest.matches > closest.missing.length) {
    const { header, missing, wrongUnit } = closest;
    return wrongUnit === undefined
      ? refusal(
          'COLUMN_MISSING',
          `the file looks like ${header.layout.title}, but line ${String(header.line)} lacks ${missing.join(', ')}${layouts.length > 1 ? `; known are ${titlesOf(layouts)}` : ''}`,
        )
      : refusal(
          'UNIT_UNEXPECTED',
          `line ${String(header.line)}: ${wrongUnit}, which it cannot be in`,
        );
  }
  const found = first
    .filter((cell) => cell.trim() !== '')
    .slice(0, 12)
    .map((cell) => `"${shown(cell)}"`);
  return refusal(
    'LAYOUT_UNKNOWN',
    `found no header that is known; the widest of the first rows is ${found.join(', ') || 'empty'}; known are ${titlesOf(layouts)}`,
  );
};

const titlesOf = (layouts: readonly FileLayout[]): string =>
  layouts.map(({ title }) => title).join(', ');

const refusal = (code: string, message: string) => new Refusal(code, 'unprocessable', message);
