import type { CyclerRecord } from '#cycling/record.js';

/** Columns of the Battery Data Format in the order in which they are written: label, and field of a record. */
const columns = [
  ['Test Time / s', ({ testTimeS }) => testTimeS],
  ['Voltage / V', ({ voltageV }) => voltageV],
  ['Current / A', ({ currentA }) => currentA],
  ['Unix Time / s', ({ utcMs }) => (utcMs === undefined ? undefined : utcMs / 1000)],
  ['Cycle Count / 1', ({ cycle }) => cycle],
  ['Step Count / 1', ({ stepCount }) => stepCount],
  ['Step ID / 1', ({ stepId }) => stepId],
  ['Step Time / s', ({ stepTimeS }) => stepTimeS],
  ['Temperature T1 / degC', ({ temperatureC }) => temperatureC],
  ['Charging Capacity / Ah', ({ chargeAh }) => chargeAh],
  ['Discharging Capacity / Ah', ({ dischargeAh }) => dischargeAh],
] as const satisfies readonly (readonly [string, (record: CyclerRecord) => number | undefined])[];

/** The header of a file of the Battery Data Format as CSV, with its line break. */
export const bdfHeader = `${columns.map(([label]) => label).join(',')}\n`;

/** Media type of what is written. */
export const bdfMediaType = 'text/csv; charset=utf-8';

/**
 * Records as rows of the Battery Data Format, to be written after `bdfHeader` in batches of any size. Every number is
 * written with the digits that read back as itself, and counters as the cycler showed them: read again, the records are
 * the same.
 */
export const bdfRows = (records: readonly CyclerRecord[]): string =>
  records.map((record) => `${columns.map(([, of]) => of(record) ?? '').join(',')}\n`).join('');
