import type { CsvRow } from '#csv/csv-file.js';

import type { ListedManufacturer } from '../../manufacturer/ensure-manufacturer.js';
import type { RowProblem } from '../events.js';
import { type EntityCodeColumn, entityCodes } from '../layouts/entity-codes.js';
import { collapse, problem, unusable } from './cell.js';
import type { NormalisedRow } from './normalised-row.js';

type Row = CsvRow<EntityCodeColumn>;

/** Longest name that is taken. */
const maxName = 200;

/**
 * One row of a list of manufacturer codes. A row without a code names a maker all the same: with
 * `issueCodes` it gets one by rule, and the row says so.
 */
export const normaliseManufacturer = (
  row: Row,
  issueCodes: boolean,
): NormalisedRow<ListedManufacturer> => {
  const rejected = damages(row);
  const name = collapse(row.cells.name ?? '');
  const alias = collapse(row.cells.alias ?? '');
  const code = collapse(row.cells.code ?? '');
  const names = [name, alias].filter((text) => text !== '');
  const [first] = names;
  if (first === undefined) rejected.push(problem(title('name'), 'is blank', row.cells.name ?? ''));
  if (names.some((text) => text.length > maxName)) {
    const reason = `is longer than ${String(maxName)} characters`;
    rejected.push(problem(title('name'), reason, row.cells.name ?? ''));
  }
  if (first === undefined || rejected.length > 0) return { row: row.row, rejected };
  const published = code === '' ? null : ({ rule: 'published', code } as const);
  return {
    row: row.row,
    facts: {
      name: first,
      aliases: names.slice(1),
      code: published ?? (issueCodes ? { rule: 'derived' } : null),
    },
    problems: published ? [] : [problem(title('code'), 'is blank', row.cells.code ?? '')],
    needsReview: false,
  };
};

const title = (column: EntityCodeColumn): string => entityCodes.columns[column].names[0];

const damages = ({ cells, misshapen }: Row): RowProblem[] => [
  ...(misshapen === undefined ? [] : [problem('', misshapen, '')]),
  ...Object.entries(cells).flatMap(([name, cell]) => {
    const why = unusable(cell);
    return why === undefined ? [] : [problem(title(name as EntityCodeColumn), why, cell)];
  }),
];

/** Title and text of the cell that a JSON pointer into the facts was read from. */
export const manufacturerCellOf = (
  { cells }: Row,
  pointer: string,
): { readonly column: string; readonly raw: string } => {
  const column = pointer.startsWith('/code') ? 'code' : pointer.startsWith('/name') ? 'name' : null;
  return column === null
    ? { column: '', raw: '' }
    : { column: title(column), raw: cells[column] ?? '' };
};
