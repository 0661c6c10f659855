import { Refusal } from '#kernel/refusal.js';

import type { ListConflict } from '../../product/reconcile.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { problem } from '../normalise/cell.js';
import { isPassing } from './patience.js';

/** Title and text of the cell that a JSON pointer into the facts stands for. */
export type CellOf = (pointer: string) => { readonly column: string; readonly raw: string };

/** Refusals that a person can settle, besides all conflicts. */
const reviewed = new Set(['PROD_CODE_TOO_LONG']);

/** Most problems that one row reports. */
const maxProblems = 20;

/**
 * The outcome of a row whose command was refused: a conflict needs a person, anything else is the
 * row's own fault. Rethrows what passes by itself and what is no refusal.
 */
export const refusedRow = (row: number, error: unknown, cellOf: CellOf): RowOutcome => {
  if (!(error instanceof Refusal) || isPassing(error)) throw error;
  const needsReview = error.kind === 'conflict' || reviewed.has(error.code);
  return {
    row,
    outcome: needsReview ? 'needsReview' : 'rejected',
    problems: problemsOf(error, cellOf).slice(0, maxProblems),
  };
};

const problemsOf = (refusal: Refusal, cellOf: CellOf): readonly RowProblem[] => {
  const conflicts = refusal.details['conflicts'] as readonly ListConflict[] | undefined;
  if (conflicts && conflicts.length > 0) {
    return conflicts.map(({ path, standing }) => {
      const { column, raw } = cellOf(path);
      return problem(column, `${refusal.message}; what stands: ${shown(standing)}`, raw);
    });
  }
  const errors = refusal.details.errors ?? [];
  if (errors.length === 0) return [problem('', refusal.message, '')];
  return errors.map(({ pointer, reason }) => {
    const { column, raw } = cellOf(pointer);
    return problem(column, column === '' ? `${pointer}: ${reason}` : reason, raw);
  });
};

/** A standing value in a few words: `8.26 kWh` for an element, JSON for what has no short form. */
const shown = (standing: unknown): string => {
  if (standing === null || standing === undefined) return 'nothing';
  const { value, unit } = standing as { readonly value?: unknown; readonly unit?: unknown };
  const text =
    typeof value === 'string'
      ? [value, unit].filter((part) => typeof part === 'string').join(' ')
      : typeof standing === 'string'
        ? standing
        : JSON.stringify(standing);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};
