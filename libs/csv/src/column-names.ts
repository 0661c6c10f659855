import type { Layout, LayoutColumn } from './layout.js';

/** Longest text that is taken for a column's title: recognising one costs more than its length. */
const maxTitle = 300;

/**
 * The normal form under which column names are compared: NFKC (which turns superscript footnote
 * marks into digits), lower case, whitespace collapsed, and without footnote digits, which stand
 * directly behind a letter or a closing bracket at the end or before the unit: `Brand1`,
 * `Discharge Rate2 (kW)`, `Efficiency (%, Ac-AC)1`. Double brackets around a unit become single, and
 * square ones at the end become round. A text that is too long for a title is ''.
 */
export const columnName = (raw: string): string =>
  raw.length > maxTitle
    ? ''
    : raw
        .normalize('NFKC')
        .replace(/^\ufeff/, '')
        .replace(/[\s\u200b]+/g, ' ')
        .trim()
        .toLowerCase()
        .replace(/\(\(/g, '(')
        .replace(/\)\)/g, ')')
        .replace(/(?<=[\p{Letter})])\d(?= ?\(|$)/gu, '')
        .replace(/\[([^[\]]*)\]$/, '($1)')
        .replace(/ ?\*+$/, '');

/** The unit that a title ends with in brackets, such as `kWh` in `Capacity (kWh)`. */
export const unitInBrackets = (raw: string): string | undefined => {
  const text = raw.slice(-maxTitle).trim().replace(/\)\)/g, ')');
  const [, round, square] = /(?:\(([^()]+)\)|\[([^[\]]+)\])\d?$/.exec(text) ?? [];
  return (round ?? square)?.trim();
};

/** Whether a cell holds nothing but a unit or a form in brackets, such as `(kWh)` or `(mm/dd/yyyy)`. */
export const isBracketed = (raw: string): boolean =>
  raw.length < 40 && /^(?:\(+[^()]{1,12}\)+|\[[^[\]]{1,12}\])\d?$/.test(raw.trim());

/** The columns of a layout by their names, so that one look tells whether a title is known. */
export class NamedColumns {
  private readonly byName = new Map<string, string>();

  constructor(private readonly layout: Layout) {
    for (const [column, { names }] of Object.entries(layout.columns)) {
      for (const name of names) if (!this.byName.has(name)) this.byName.set(name, column);
    }
  }

  /** The column that a title in normal form names, with its unit or without. */
  columnOf(name: string): string | undefined {
    if (name === '') return undefined;
    const known = this.byName.get(name) ?? this.byName.get(name.replace(/ ?\([^()]*\)$/, ''));
    return known ?? this.withBareUnit(name);
  }

  /** `Capacity kWh` and `Capacity, kWh`: a unit without brackets is one that the column may be in. */
  private withBareUnit(name: string): string | undefined {
    const [, before = '', unit = ''] = /^(.+?),? ([a-z]{1,4})$/.exec(name) ?? [];
    const column = this.byName.get(before);
    const known = column === undefined ? undefined : this.layout.columns[column];
    return known !== undefined && takesUnit(known, unit) ? column : undefined;
  }
}

/** Whether a column may be in a unit, however its letters are written. */
export const takesUnit = ({ units }: LayoutColumn, written: string): boolean =>
  units?.some((unit) => unit.toLowerCase() === written.trim().toLowerCase()) ?? false;

/** Text of a file as part of a message: short, on one line, without control characters. */
export const shown = (text: string): string => {
  const line = text
    .slice(0, maxTitle)
    .replace(/[\s\p{Control}]+/gu, ' ')
    .trim();
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
};

/** The filled cells of a record as part of a message. */
export const listed = (record: readonly string[]): string => {
  const cells = record.filter((cell) => cell.trim() !== '').map((cell) => `"${shown(cell)}"`);
  const more = cells.length > 20 ? `, and ${String(cells.length - 20)} more` : '';
  return cells.length === 0 ? 'empty' : cells.slice(0, 20).join(', ') + more;
};
