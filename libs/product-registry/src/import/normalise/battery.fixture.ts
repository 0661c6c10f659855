import type { BatteryColumn } from '../layouts/cec-batteries.js';
import { normaliseBattery } from './battery.js';
import type { BatteryColumns } from './columns.js';

export const cells = {
  manufacturer: 'Aurora Cells Inc.',
  brand: '',
  model: 'AC-5',
  technology: 'Lithium Iron Phosphate',
  description: '5 kWh battery',
  certifyingEntity: 'CSA',
  certificateDate: '02.06.2021',
  edition: 'Ed 3: 2022',
  energy: '5.40',
  power: '2.5',
  efficiency: 'No Information Submitted',
  ja12Strategies: 'No Information Submitted',
  ja12Declaration: 'N',
  notes: '\u00a0',
  listingDate: '21.07.2021',
  lastUpdate: '',
};

export const columnsWith = (mark: '.' | ',' | undefined): BatteryColumns => ({
  quantities: {
    energy: { unit: 'kWh', mark, isMixed: false },
    power: { unit: 'kW', mark, isMixed: false },
  },
  dayOrders: { certificateDate: undefined, listingDate: undefined, lastUpdate: undefined },
});
export const columns = columnsWith('.');

export const normalised = (
  changes: Partial<Record<BatteryColumn, string>> = {},
  of: Partial<BatteryColumns> = {},
) => normaliseBattery({ row: 7, cells: { ...cells, ...changes } }, { ...columns, ...of });

export const product = (
  changes: Partial<Record<BatteryColumn, string>> = {},
  of: Partial<BatteryColumns> = {},
) => {
  const row = normalised(changes, of);
  if ('rejected' in row) throw new Error(JSON.stringify(row.rejected));
  return row;
};
