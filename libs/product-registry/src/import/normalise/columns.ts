import type { CsvFile } from '#csv/csv-file.js';
import type { DateCounts } from '#csv/date-shape.js';
import { decimalMarkOf, type NumberCounts } from '#csv/number-shape.js';

import type { BatteryColumn } from '../layouts/cec-batteries.js';
import type { DayOrder } from './dates.js';
import type { NumberColumn } from './numbers.js';

type BatteryFile = Pick<CsvFile<BatteryColumn>, 'columns' | 'numbers' | 'dates'>;

export type QuantityColumn = 'energy' | 'power';
export type DateColumn = 'certificateDate' | 'listingDate' | 'lastUpdate';

/** How one column's numbers are read. */
export interface QuantityReading extends NumberColumn {
  /** As the file writes it. Undefined: nothing says the unit, and the values are not plausible in the usual one. */
  readonly unit: string | undefined;
}

/** How the cells of a file are read, column by column: from the header, and from all cells of the column. */
export interface BatteryColumns {
  readonly quantities: Readonly<Record<QuantityColumn, QuantityReading>>;
  readonly dayOrders: Readonly<Record<DateColumn, DayOrder>>;
}

const usualUnits: Readonly<Record<QuantityColumn, string>> = { energy: 'kWh', power: 'kW' };
const dateColumns = ['certificateDate', 'listingDate', 'lastUpdate'] as const;

export const columnsOf = (file: BatteryFile): BatteryColumns => {
  const { energy, power } = usualUnits;
  const isUsual = isPlausible(file, 'energy') && isPlausible(file, 'power');
  return {
    quantities: {
      energy: quantityOf(file, 'energy', isUsual ? energy : undefined),
      power: quantityOf(file, 'power', isUsual ? power : undefined),
    },
    dayOrders: dayOrdersOf(file),
  };
};

/** What the file says of a column's unit, as written: in brackets behind its name or below it. */
const unitOf = ({ columns }: BatteryFile, column: BatteryColumn): string | undefined =>
  columns.find(({ name }) => name === column)?.unit;

const quantityOf = (
  file: BatteryFile,
  column: QuantityColumn,
  usual: string | undefined,
): QuantityReading => {
  const { [column]: counts } = file.numbers;
  return {
    unit: unitOf(file, column) ?? usual,
    mark: counts && decimalMarkOf(counts),
    isMixed: counts !== undefined && counts.shapes.point > 0 && counts.shapes.comma > 0,
  };
};

/** A list without units is taken for one in kWh and kW unless most of its values have four digits. */
const isPlausible = (file: BatteryFile, column: QuantityColumn): boolean => {
  const { [column]: counts } = file.numbers;
  return unitOf(file, column) !== undefined || counts === undefined || !isOfThousands(counts);
};

const isOfThousands = ({ thousands, numbers }: NumberCounts): boolean => thousands * 2 > numbers;

/**
 * In this order: what the column's own dates say, what its header says, what the file's other dates say (one
 * program wrote them all), and that its dates are written as the agency writes them, without a zero before
 * one digit.
 */
const dayOrdersOf = (file: BatteryFile): BatteryColumns['dayOrders'] => {
  const counts = dateColumns.flatMap((column) => file.dates[column] ?? []);
  const [dayFirst, monthFirst] = [saysAny(counts, 'dayFirst'), saysAny(counts, 'monthFirst')];
  const isAgencys = saysAny(counts, 'unpadded');
  const ofOthers = (): DayOrder => {
    if (dayFirst && monthFirst) return undefined;
    return dayFirst ? 'dayFirst' : monthFirst || isAgencys ? 'monthFirst' : undefined;
  };
  const orderOf = (column: DateColumn): DayOrder => {
    const { dayFirst: days = 0, monthFirst: months = 0 } = file.dates[column] ?? {};
    if (days > 0 && months > 0) return undefined;
    if (days + months > 0) return days > 0 ? 'dayFirst' : 'monthFirst';
    return orderInHeader(unitOf(file, column)) ?? ofOthers();
  };
  return {
    certificateDate: orderOf('certificateDate'),
    listingDate: orderOf('listingDate'),
    lastUpdate: orderOf('lastUpdate'),
  };
};

const saysAny = (counts: readonly DateCounts[], what: keyof DateCounts): boolean =>
  counts.some((one) => one[what] > 0);

/** `mm/dd/yyyy` below or behind a title. */
const orderInHeader = (form: string | undefined): DayOrder => {
  if (form === undefined) return undefined;
  if (/^m{1,2}\/d{1,2}\/y/i.test(form)) return 'monthFirst';
  return /^d{1,2}\/m{1,2}\/y/i.test(form) ? 'dayFirst' : undefined;
};
