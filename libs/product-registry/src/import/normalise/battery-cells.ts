import type { CsvRow } from '#csv/csv-file.js';

import { type BatteryColumn, cecBatteries } from '../layouts/cec-batteries.js';

/** The column's title, as problems name it. */
export const titleOf = (column: string): string =>
  cecBatteries.columns[column as BatteryColumn].names[0];

/** Which column each fact is read from. */
const columnOf: Readonly<Record<string, BatteryColumn>> = {
  '/manufacturer': 'manufacturer',
  '/model': 'model',
  '/elements/BatteryChemistryType': 'technology',
  '/elements/Description': 'description',
  '/elements/EnergyCapacityNominal': 'energy',
  '/elements/PowerDCContinuousMax': 'power',
  '/elements/EfficiencyBatteryRoundTrip': 'efficiency',
  '/certifications/UL1973': 'certifyingEntity',
  '/qualifications/CEC/listingDate': 'listingDate',
  '/qualifications/CEC/lastUpdate': 'lastUpdate',
  '/qualifications/CEC/notes': 'notes',
  '/qualifications/CEC/remarks/Brand': 'brand',
  '/qualifications/CEC/remarks/CertifiedJA12ControlStrategies': 'ja12Strategies',
  '/qualifications/CEC/remarks/DeclarationForJA12Submitted': 'ja12Declaration',
};

/** Title and text of the cell that a JSON pointer into the facts was read from; both '' for none. */
export const cellOf = (
  { cells }: CsvRow<BatteryColumn>,
  pointer: string,
): { readonly column: string; readonly raw: string } => {
  const found = Object.entries(columnOf).find(
    ([path]) => pointer === path || pointer.startsWith(`${path}/`),
  )?.[1];
  if (found === undefined) return { column: '', raw: '' };
  return { column: titleOf(found), raw: cells[found] ?? '' };
};
