import type { RowProblem } from '../events.js';

/** What a source writes where it says that nothing was submitted. */
const notSubmittedText = 'no information submitted';

/** NFC, without zero-width characters and byte order marks, each run of whitespace one space, trimmed. */
export const collapse = (raw: string): string =>
  raw
    .normalize('NFC')
    .replace(/\u200b|\u200c|\u200d|\u2060|\ufeff/g, '')
    .replace(/\s+/g, ' ')
    .trim();

/** The same, but line breaks stay: descriptions and notes keep their lines. */
export const trimLines = (raw: string): string =>
  raw.normalize('NFC').replace(/\r\n?/g, '\n').split('\n').map(collapse).join('\n').trim();

export const isNotSubmitted = (raw: string): boolean =>
  collapse(raw).toLowerCase().replace(/\.$/, '') === notSubmittedText;

/** Longest raw text that a problem repeats. */
const shownRaw = 500;

export const problem = (column: string, reason: string, raw: string): RowProblem => ({
  column,
  reason,
  raw: raw.length > shownRaw ? `${raw.slice(0, shownRaw)}…` : raw,
});

/**
 * What makes a cell's text unusable whatever the column: characters that were lost in decoding,
 * control characters, excessive length. Undefined where nothing does.
 */
export const unusable = (raw: string): string | undefined => {
  if (raw.length > maxCell) return `is longer than ${String(maxCell)} characters`;
  if (raw.includes('\ufffd')) return 'holds characters that could not be decoded';
  // Tab and line ends are text.
  if (/(?![\t\n\r])\p{Control}/u.test(raw)) return 'holds control characters';
  if (/\p{Surrogate}/u.test(raw)) return 'holds half a Unicode character';
  return undefined;
};

/** As long as a raw text may be that is kept with an element. */
const maxCell = 4000;
