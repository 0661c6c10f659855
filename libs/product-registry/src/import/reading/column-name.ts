/**
 * The normal form under which column names are compared: NFKC (which turns superscript footnote
 * marks into digits), lower case, whitespace collapsed, and without footnote digits, which stand
 * directly behind a letter or a closing bracket at the end or before the unit: `Brand1`,
 * `Discharge Rate2 (kW)`, `Efficiency (%, Ac-AC)1`. Double brackets around a unit become single.
 */
export const columnName = (raw: string): string =>
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
export const unitInName = (raw: string): string | undefined =>
  /\(([^()]+)\)\d?$/.exec(raw.trim().replace(/\)\)/g, ')'))?.[1]?.trim();
