import { Refusal } from '#kernel/refusal.js';

import { shown, takesUnit, unitInBrackets } from './column-names.js';
import { otherList, requiredMissing } from './header-refusals.js';
import type { FoundHeader, HeaderSearch } from './header-search.js';
import { type FileColumn, type Header, requiredOf, titleOf, type UnknownColumn } from './layout.js';

/** What a header says of the columns of a file. */
export interface ReadHeader {
  readonly header: Header;
  readonly columns: readonly FileColumn[];
  readonly unknown: readonly UnknownColumn[];
  /** Cells of a record: up to the last title, and with untitled ones at its end. */
  readonly width: { readonly titled: number; readonly whole: number };
}

/**
 * Reads the header that was found; `unitsRow` is a row of units below it. Throws `Refusal`: `OTHER_LIST`,
 * `LAYOUT_UNKNOWN`, `COLUMN_MISSING` (names each), `COLUMN_TWICE`, `UNIT_UNEXPECTED`.
 */
export const readHeader = (
  search: HeaderSearch,
  found: FoundHeader,
  unitsRow: readonly string[] | undefined,
): ReadHeader => {
  const other = search.otherThanFound(found);
  if (other) throw otherList(other, [found.layout]);
  const { layout, titles, named } = found;
  const index: Record<string, number> = {};
  const columns: FileColumn[] = [];
  const unknown: UnknownColumn[] = [];
  for (const [at, [first]] of titles.entries()) {
    const name = named[at];
    if (name === undefined) {
      unknown.push({ title: first ? shown(first.text) : untitled(at), at });
      continue;
    }
    if (index[name] !== undefined) throw twice(titleOf(layout, name));
    index[name] = at;
    columns.push(columnAt(found, at, name, unitsRow));
  }
  const missing = requiredOf(layout).filter((name) => index[name] === undefined);
  const written = titles.map(([title]) => title?.text ?? '');
  if (missing.length > 0) throw requiredMissing(layout, missing, written, unknown);
  const titled = titles.findLastIndex((readings) => readings.length > 0) + 1;
  const ignored = unknown.filter(({ at }) => written[at] !== '').map(({ title }) => title);
  return {
    header: { layout, index, units: unitsOf(columns), ignored },
    columns,
    unknown,
    width: { titled, whole: titles.length },
  };
};

const unitsOf = (columns: readonly FileColumn[]): Header['units'] =>
  Object.fromEntries(
    columns.flatMap(({ name, unit }) => (unit === undefined ? [] : [[name, unit] as const])),
  );

const untitled = (at: number): string => `column ${String(at + 1)}, which has no title`;

const columnAt = (
  { layout, titles }: FoundHeader,
  at: number,
  name: string,
  units: readonly string[] | undefined,
): FileColumn => {
  const column = layout.columns[name];
  const [title] = titles[at] ?? [];
  const header = title?.text ?? '';
  const inTitle = unitInBrackets(header) ?? (column && bareUnit(header, column));
  const below = units?.[at]?.trim() ?? '';
  const unit = below === '' ? inTitle : (unitInBrackets(below) ?? below);
  if (column?.units) {
    for (const written of [inTitle, unit]) {
      if (written !== undefined && !takesUnit(column, written)) {
        throw unitUnexpected(header, written, column.units);
      }
    }
    if (inTitle !== undefined && inTitle.toLowerCase() !== unit?.toLowerCase()) {
      throw unitUnexpected(header, `${inTitle}" and "${unit ?? ''}`, ['one unit']);
    }
  }
  return { name, at, header: header.trim(), ...(unit !== undefined && { unit }) };
};

/** `Capacity, kWh`: a last word that is a unit of the column. */
const bareUnit = (
  title: string,
  column: NonNullable<FoundHeader['layout']['columns'][string]>,
): string | undefined => {
  const word = /[ ,]([A-Za-z]{1,4})\s*$/.exec(title)?.[1];
  return word !== undefined && takesUnit(column, word) ? word : undefined;
};

const twice = (title: string) =>
  refusal('COLUMN_TWICE', `the header names the column "${title}" twice`);

const unitUnexpected = (title: string, found: string, expected: readonly string[]) =>
  refusal(
    'UNIT_UNEXPECTED',
    `column "${shown(title)}" is in "${shown(found)}", expected ${expected.join(' or ')}`,
  );

const refusal = (code: string, message: string) => new Refusal(code, 'unprocessable', message);
