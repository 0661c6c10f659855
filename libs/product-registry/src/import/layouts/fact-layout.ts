import type { CsvRow } from '#csv/csv-file.js';
import type { Layout, LayoutColumn } from '#csv/layout.js';
import type { Evidence } from '#kernel/event.js';
import type { CellForms } from '#workbook/number-cell.js';

/** A layout that says what is read from its columns: `fact` is a JSON pointer into a row's facts. */
export interface FactLayout<C extends string = string> extends Layout<C> {
  readonly columns: Readonly<Record<C, LayoutColumn & { readonly fact?: string }>>;
}

/** Title and text of the cell that a JSON pointer into the facts was read from; both '' for none. */
export const cellAt = <C extends string>(
  { columns }: FactLayout<C>,
  { cells }: CsvRow<C>,
  pointer: string,
): { readonly column: string; readonly raw: string } => {
  for (const name in columns) {
    const { fact, names } = columns[name];
    if (fact === undefined || !`${pointer}/`.startsWith(`${fact}/`)) continue;
    return { column: names[0] ?? name, raw: cells[name] ?? '' };
  }
  return { column: '', raw: '' };
};

/** How cells of a workbook are displayed and stored, by the titles of their columns; undefined where their texts say it. */
export const writtenCells = <C extends string>(
  { columns }: FactLayout<C>,
  { forms }: CsvRow<C>,
): Evidence['cells'] =>
  forms &&
  Object.fromEntries(
    Object.entries<CellForms>(forms as Record<string, CellForms>).map(
      ([name, { displayed, stored }]) => [
        columns[name as C].names[0] ?? name,
        { displayed: shortened(displayed), stored: shortened(stored) },
      ],
    ),
  );

/** A hostile number may be displayed at any length. */
const shortened = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
