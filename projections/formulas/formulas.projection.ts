import { readFileSync } from 'node:fs';

import { Reading } from '#event-log/reading.js';
import { rowsById } from '#read-store/rows-by-id.js';
import { defineProjection, type Projection } from '#subscription/projection/projection.js';
import { formulaDecider } from '#telemetry/formula/decider.js';

import { changes, type FormulaRow } from './projector.js';

const source = (path: string): URL => new URL(path, import.meta.url);
const table = source('./table.sql');

/** Which formulas sites have, and who defined what they are now. */
export const formulas: Projection = defineProjection({
  ...{ name: 'formulas', version: 1 },
  sources: [table, source('./projector.js')],
  tables: readFileSync(table, 'utf8'),
  reading: new Reading([formulaDecider]),
  on: changes,
  ...rowsById<FormulaRow>('formulas'),
});
