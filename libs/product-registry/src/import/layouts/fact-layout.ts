import type { CsvRow } from '#csv/csv-file.js';
import type { Layout, LayoutColumn } from '#csv/layout.js';

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
