import { collapse } from './cell.js';

/** What people and spreadsheets write where there is nothing to say. */
const placeholders = new Set([
  ...['n/a', 'n.a.', 'n.a', 'na', 'not applicable', 'not available', 'nan', 'none', 'null', 'nil'],
  ...['tbd', 'tba', 'to be determined', 'to be announced', 'pending', '.', '?'],
  ...['#n/a', '#ref!', '#value!', '#div/0!', '#name?', '#num!', '#null!', '#spill!', '#calc!'],
]);

/** With some white space around it. */
const maxLength = 40;

/** A column of `#` is what a spreadsheet shows of a cell that is too narrow. */
const dashesOnly = /^(?:[-_\p{Pd}\u2212]+|#{3,})$/u;

/** Whether a cell says that there is nothing to say. A blank one does not: it says nothing. */
export const isPlaceholder = (raw: string): boolean => {
  if (raw.length > maxLength) return false;
  const text = collapse(raw).toLowerCase();
  return placeholders.has(text) || dashesOnly.test(text);
};

/** `="00123"` and `'00123` are how a spreadsheet is kept from taking a text for a number or formula. */
export const withoutTextGuard = (raw: string): string => {
  const text = raw.trim();
  const formula = /^="((?:[^"]|"")*)"$/s.exec(text)?.[1];
  if (formula !== undefined) return formula.replaceAll('""', '"');
  return /^'[\d=+\-@]/.test(text) ? text.slice(1) : raw;
};
