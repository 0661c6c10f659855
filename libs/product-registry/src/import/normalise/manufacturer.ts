import type { CsvRow } from '#csv/csv-file.js';

import type { ListedManufacturer } from '../../manufacturer/ensure-manufacturer.js';
import { type EntityCodeColumn, entityCodes } from '../layouts/entity-codes.js';
import { cellProblem, collapse, damagesOf } from './cell.js';
import type { NormalisedRow } from './normalised-row.js';

/** Longest name that is taken. */
const maxName = 200;

/**
 * One row of a list of manufacturer codes. A row without a code names a manufacturer all the same: with
 * `issueCodes` it gets one by rule, and the row says so.
 */
export const normaliseManufacturer = (
  row: CsvRow<EntityCodeColumn>,
  { issueCodes, asOf }: { readonly issueCodes: boolean; readonly asOf: string | null },
): NormalisedRow<ListedManufacturer> => {
  const rejected = damagesOf(entityCodes, row);
  const { name = '', alias = '', code: rawCode = '' } = row.cells;
  const [first, ...aliases] = [name, alias].map(collapse).filter((text) => text !== '');
  if (first === undefined) rejected.push(cellProblem(entityCodes, row, 'name', 'is blank'));
  if ([first ?? '', ...aliases].some((text) => text.length > maxName)) {
    const reason = `is longer than ${String(maxName)} characters`;
    rejected.push(cellProblem(entityCodes, row, 'name', reason));
  }
  if (first === undefined || rejected.length > 0) return { rejected };
  const code = collapse(rawCode);
  const published =
    code === '' ? null : ({ rule: 'published', code, ...(asOf !== null && { asOf }) } as const);
  return {
    facts: {
      name: first,
      aliases,
      code: published ?? (issueCodes ? { rule: 'derived' } : null),
    },
    problems: published ? [] : [cellProblem(entityCodes, row, 'code', 'is blank')],
    unread: [],
  };
};
