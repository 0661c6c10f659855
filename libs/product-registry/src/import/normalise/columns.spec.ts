import { describe, expect, it } from 'vitest';

import { DateCounter } from '#csv/date-shape.js';
import { NumberCounter } from '#csv/number-shape.js';

import type { BatteryColumn } from '../layouts/cec-batteries.js';
import { columnsOf } from './columns.js';

interface Given {
  readonly units?: Readonly<Partial<Record<BatteryColumn, string>>>;
  readonly energy?: readonly string[];
  readonly power?: readonly string[];
  readonly certificateDate?: readonly string[];
  readonly listingDate?: readonly string[];
}

const counted = <T extends { add(cell: string): void }>(
  counter: T,
  cells: readonly string[],
): T => {
  for (const cell of cells) counter.add(cell);
  return counter;
};

const columns = ({ units = {}, energy = [], power = [], ...dates }: Given) =>
  columnsOf({
    columns: Object.entries(units).map(([name, unit], at) => ({
      ...{ name: name as BatteryColumn, at, unit },
      header: name,
    })),
    numbers: {
      energy: counted(new NumberCounter(), energy),
      power: counted(new NumberCounter(), power),
    },
    dates: {
      certificateDate: counted(new DateCounter(), dates.certificateDate ?? []),
      listingDate: counted(new DateCounter(), dates.listingDate ?? []),
    },
  });

describe('the unit of a column', () => {
  it('is what the header says', () => {
    const { quantities } = columns({ units: { energy: 'Wh', power: 'kW' }, energy: ['5120'] });
    expect([quantities.energy.unit, quantities.power.unit]).toEqual(['Wh', 'kW']);
  });

  it('is the usual one where the header says none and the values are plausible in it', () => {
    const { quantities } = columns({ energy: ['5.12', '10', '1500'], power: ['2.5', '750'] });
    expect([quantities.energy.unit, quantities.power.unit]).toEqual(['kWh', 'kW']);
  });

  it('is unknown where most values have four digits, in either column', () => {
    const { quantities } = columns({ energy: ['5120', '10,240'], power: ['250'] });
    expect([quantities.energy.unit, quantities.power.unit]).toEqual([undefined, undefined]);
  });
});

describe('the decimal mark of a column', () => {
  it.each([
    [['5.12', '1,200', '240'], { mark: '.', isMixed: false }],
    [['5,12', '1.200', '240'], { mark: ',', isMixed: false }],
    [['1.200', '240'], { mark: undefined, isMixed: false }],
    [['5.12', '5.2', '5,3', '1,200'], { mark: '.', isMixed: true }],
    [['5.12', '5,3'], { mark: undefined, isMixed: true }],
  ])('of %j', (energy, expected) => {
    expect(columns({ energy }).quantities.energy).toMatchObject(expected);
  });

  it('is decided for each column by itself', () => {
    const { quantities } = columns({ energy: ['5,12'], power: ['2.5'] });
    expect([quantities.energy.mark, quantities.power.mark]).toEqual([',', '.']);
  });
});

describe('the order of day and month in a column', () => {
  const orderOf = (given: Given) => columns(given).dayOrders.listingDate;

  it('is what its own dates say, whatever the header and the other dates say', () => {
    expect(
      orderOf({
        units: { listingDate: 'mm/dd/yyyy' },
        listingDate: ['28/03/2025', '03/04/2025'],
        certificateDate: ['03/28/2025'],
      }),
    ).toBe('dayFirst');
    expect(orderOf({ listingDate: ['03/28/2025'] })).toBe('monthFirst');
  });

  it('is what its header says, and else what the other dates of the file say', () => {
    const certificateDate = ['28/03/2025'];
    const listingDate = ['03/04/2025'];
    const units = { listingDate: 'mm/dd/yyyy' };
    expect(orderOf({ units, listingDate, certificateDate })).toBe('monthFirst');
    expect(orderOf({ listingDate, certificateDate })).toBe('dayFirst');
  });

  it('is the agency’s where no date has a zero that the agency does not write', () => {
    expect(orderOf({ listingDate: ['3/11/2025'] })).toBe('monthFirst');
    expect(orderOf({ listingDate: ['03/11/2025'] })).toBeUndefined();
  });

  it('is unknown where its dates contradict each other', () => {
    const listingDate = ['28/03/2025', '03/28/2025', '3/4/2025'];
    expect(orderOf({ listingDate })).toBeUndefined();
    const certificateDate = ['28/03/2025', '03/28/2025'];
    expect(orderOf({ listingDate: ['3/4/2025'], certificateDate })).toBeUndefined();
  });
});
