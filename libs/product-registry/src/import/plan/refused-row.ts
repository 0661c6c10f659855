import { isTransient } from '#jobs/retry.js';
import { Refusal } from '#kernel/refusal.js';

import type { EfficiencyRating, ElementValue } from '../../product/events.js';
import type { ListConflict } from '../../product/list-conflict.js';
import type { RowOutcome, RowProblem } from '../events.js';
import { problem } from '../normalise/cell.js';

/** Title and text of the cell that a JSON pointer into the facts stands for. */
export type CellOf = (pointer: string) => { readonly column: string; readonly raw: string };

/** Refusals that a person can settle, besides all conflicts. */
const reviewed = new Set(['PROD_CODE_TOO_LONG']);

/**
 * The outcome of a row whose command was refused: a conflict needs a person, anything else is the
 * row's own fault. Rethrows what passes by itself and what is no refusal.
 */
export const refusedRow = (row: number, error: unknown, cellOf: CellOf): RowOutcome => {
  if (!(error instanceof Refusal) || isTransient(error)) throw error;
  const needsReview = error.kind === 'conflict' || reviewed.has(error.code);
  return {
    row,
    outcome: needsReview ? 'needsReview' : 'rejected',
    problems: problemsOf(error, cellOf),
  };
};

const problemsOf = (refusal: Refusal, cellOf: CellOf): readonly RowProblem[] => {
  const conflicts = refusal.details['conflicts'] as readonly ListConflict[] | undefined;
  if (conflicts && conflicts.length > 0) return conflictProblems(conflicts, cellOf);
  const errors = refusal.details.errors ?? [];
  if (errors.length === 0) return [problem('', refusal.message, '')];
  return errors.map(({ pointer, reason }) => {
    const { column, raw } = cellOf(pointer);
    return problem(column, column === '' ? `${pointer}: ${reason}` : reason, raw);
  });
};

/** Both values of what waits for a person, cell by cell. */
export const conflictProblems = (
  conflicts: readonly ListConflict[],
  cellOf: CellOf,
): readonly RowProblem[] =>
  conflicts.map((conflict) => {
    const { column, raw } = cellOf(conflict.path);
    return problem(column, sentenceOf(conflict), raw);
  });

/** Such as "the list says 8.3 kWh; a curator set 8.25 kWh". */
const sentenceOf = ({ listed, standing, cause }: ListConflict): string =>
  cause === 'goesBack'
    ? `the list says ${shown(listed)}; it said ${shown(standing)} before, and an update date does not go back`
    : `the list says ${shown(listed)}; a curator set ${shown(standing)}`;

/** A value in a few words: `8.25 kWh`, `98 % (Sol-Ark 15K)`, `UL1973 by TUV, 2024-12-26`. */
export const shown = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'nothing' : cut(value);
  if (typeof value !== 'object') return cut(JSON.stringify(value));
  if (Array.isArray(value)) return cut(value.map(shown).join(', '));
  if ('state' in value) return shownElement(value as ElementValue);
  const parts = Object.entries(value)
    .filter(([name, part]) => name !== 'certificationId' && typeof part === 'string')
    .map(([, part]) => String(part));
  return parts.length === 0 ? 'nothing' : cut(parts.join(', '));
};

const shownElement = ({ state, value, unit, raw }: ElementValue): string => {
  if (state === 'notSubmitted') return 'that nothing was submitted';
  if (state === 'unparsed') return `"${cut(raw ?? '')}", which cannot be read`;
  if (Array.isArray(value)) {
    return cut(
      (value as readonly EfficiencyRating[])
        .map(({ percent, inverter }) => `${percent} % (${inverter})`)
        .join(', '),
    );
  }
  return cut([plain(value), ...(unit === undefined ? [] : [unit])].join(' '));
};

const plain = (value: ElementValue['value']): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const cut = (text: string): string => (text.length > 150 ? `${text.slice(0, 150)}…` : text);
