import type { CsvRow } from '#csv/csv-file.js';

import type { RowProblem } from '../events.js';
import type { FactLayout } from '../layouts/fact-layout.js';

/** What a source writes where it says that nothing was submitted. */
const notSubmittedText = 'no information submitted';

/** Most cells are clean: words of ASCII with one space between them. */
const clean = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** NFC, without zero-width characters and byte order marks, each run of whitespace one space, trimmed. */
export const collapse = (raw: string): string =>
  clean.test(raw)
    ? raw
    : raw
        .normalize('NFC')
        .replace(/\u200b|\u200c|\u200d|\u2060|\ufeff/g, '')
        .replace(/\s+/g, ' ')
        .trim();

/** The same, but line breaks stay: descriptions and notes keep their lines. */
export const trimLines = (raw: string): string => (clean.test(raw) ? raw : linesOf(raw));

const linesOf = (raw: string): string =>
  raw.normalize('NFC').replace(/\r\n?/g, '\n').split('\n').map(collapse).join('\n').trim();

export const isNotSubmitted = (raw: string): boolean =>
  collapse(raw).toLowerCase().replace(/\.$/, '') === notSubmittedText;

/** Longest raw text, and longest reason, that a problem repeats. */
const shownRaw = 200;
const shownReason = 500;

/** A problem whose texts are short and can be stored: see `storable`. */
export const problem = (column: string, reason: string, raw: string): RowProblem => ({
  column,
  reason: short(reason, shownReason),
  raw: short(raw, shownRaw),
});

const short = (text: string, length: number): string =>
  storable(text.length > length ? `${text.slice(0, length)}…` : text);

/** Without what a database cannot hold as text: NUL, and halves of a character, as U+FFFD. */
const storable = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '\ufffd');

/** A problem of one cell of a row. */
export const cellProblem = <C extends string>(
  { columns }: FactLayout<C>,
  { cells }: CsvRow<C>,
  column: C,
  reason: string,
): RowProblem => problem(columns[column].names[0] ?? column, reason, cells[column] ?? '');

/** What makes a row unusable whatever its columns mean. */
export const damagesOf = <C extends string>(
  layout: FactLayout<C>,
  row: CsvRow<C>,
): RowProblem[] => {
  const damaged = Object.entries<string>(row.cells as Record<string, string>).flatMap(
    ([name, cell]) => {
      const why = unusable(cell);
      return why === undefined ? [] : [cellProblem(layout, row, name as C, why)];
    },
  );
  return row.misshapen === undefined ? damaged : [problem('', row.misshapen, ''), ...damaged];
};

/**
 * What makes a cell's text unusable whatever the column: characters that were lost in decoding,
 * control characters, excessive length. Undefined where nothing does.
 */
export const unusable = (raw: string): string | undefined => {
  if (isTooLong(raw)) return `is longer than ${String(maxCell)} characters`;
  if (raw.includes('\ufffd')) return 'holds characters that could not be decoded';
  if (raw.includes('\0')) return 'holds a NUL character';
  // Tab and line ends are text.
  if (/(?![\t\n\r])\p{Control}/u.test(raw)) return 'holds control characters';
  if (/\p{Surrogate}/u.test(raw)) return 'holds half a Unicode character';
  return undefined;
};

/** As long as a raw text may be that is kept with an element. */
const maxCell = 4000;

export const isTooLong = (raw: string): boolean => raw.length > maxCell;
