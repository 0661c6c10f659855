import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectCsvFile, readRows } from './csv-file.js';
import type { Layout } from './layout.js';
import { batteryLayout } from './testing/battery-layout.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-header-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const layout = {
  ...batteryLayout,
  titleRow: /^battery list/,
  others: [
    {
      title: 'a list of storage systems',
      titleRow: /^energy storage system list/,
      marks: ['pv dc input', 'ul 9540'],
      least: 1,
    },
    { title: 'a list of inverters', marks: ['night tare', 'weighted efficiency'], least: 2 },
  ],
  columns: {
    ...batteryLayout.columns,
    energy: { ...batteryLayout.columns.energy, units: ['kWh', 'Wh'] },
    agency: { names: ['ul 1973 certification certifying entity', 'certifying entity'] },
    certified: { names: ['ul 1973 certification certificate date', 'certificate date'] },
  },
} as const satisfies Layout;

const inspect = (content: string) => {
  const path = join(folder, 'list.csv');
  writeFileSync(path, content);
  return inspectCsvFile(path, [layout]);
};

/** The units of a file's columns, by the names of the columns. */
const unitsOf = async (content: string) =>
  Object.fromEntries((await inspect(content)).columns.map(({ name, unit }) => [name, unit]));

const plain = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const row = 'A,1,LFP,5.12,2.5\n';

describe('a header of two rows', () => {
  const upper =
    'Manufacturer,Model Number,Technology,UL 1973 Certification,,Capacity,Discharge Rate1';
  const lower = ',,,Certifying Entity,Certificate Date (mm/dd/yyyy),(kWh),(kW)';
  const data = 'A,1,LFP,CSA,3/1/2025,5.12,2.5\n';

  it('stands under merged cells and names the columns of both', async () => {
    const file = await inspect(`Battery List,,,,,,\n${upper}\n${lower}\n${data}`);
    expect([file.leading, file.rows, file.header.ignored]).toEqual([3, 1, []]);
    expect(file.columns).toContainEqual({
      name: 'certified',
      header: 'UL 1973 Certification Certificate Date (mm/dd/yyyy)',
      unit: 'mm/dd/yyyy',
      at: 4,
    });
    for await (const { cells } of readRows(file)) {
      expect(cells).toMatchObject({ agency: 'CSA', certified: '3/1/2025', energy: '5.12' });
    }
  });

  it('may have its names in the lower row, below those of groups', async () => {
    const file = await inspect(
      `,,,UL 1973 Certification,,Ratings,\nManufacturer,Model Number,Technology,Certifying Entity,Certificate Date,Capacity (kWh),Discharge Rate (kW)\n${data}`,
    );
    expect(file.columns.map(({ name, header }) => [name, header])).toContainEqual([
      'certified',
      'UL 1973 Certification Certificate Date',
    ]);
    expect([file.leading, file.columns.length]).toEqual([2, 7]);
  });

  it('may have a row of units below', async () => {
    const sub = ',,,Certifying Entity,Certificate Date,,';
    const file = await inspect(`${upper}\n${sub}\n,,,,,(Wh),(kW)\n${data}`);
    expect([file.leading, file.rows]).toEqual([3, 1]);
    expect(file.columns.find(({ name }) => name === 'energy')?.unit).toBe('Wh');
  });

  it('is none where the next row is data with blank cells', async () => {
    const file = await inspect(`${plain},Notes,\nA,1,,,,seen,\n${row}`);
    expect([file.leading, file.rows]).toEqual([1, 2]);
  });
});

describe('the unit of a column', () => {
  it.each([
    ['in its title', plain],
    ['in square brackets', plain.replace('(kWh)', '[kWh]')],
    ['in double brackets', plain.replace('(kWh)', '((kWh))')],
    ['behind its title', plain.replace(' (kWh)', ' kWh')],
    ['behind a comma', plain.replace('Capacity (kWh)', '"Capacity, kWh"')],
    ['in a row below', `${plain.replace(' (kWh)', '')}\n,,,(kWh),`],
    ['in a row below without brackets', `${plain.replace(' (kWh)', '')}\n,,,kWh,`],
  ])('stands %s', async (_, header) => {
    expect(await unitsOf(`${header}\n${row}`)).toMatchObject({ energy: 'kWh', power: 'kW' });
  });

  it('is told as it is written, where another one is taken', async () => {
    expect(await unitsOf(`${plain.replace('kWh', 'WH')}\n${row}`)).toMatchObject({ energy: 'WH' });
  });

  it('is absent where nothing says it', async () => {
    expect(await unitsOf(`${plain.replace(' (kWh)', '')}\n${row}`)).toMatchObject({
      energy: undefined,
    });
  });

  it.each([
    ['is unknown', `${plain.replace('(kW)', '(hp)')}\n${row}`, 'is in "hp", expected kW'],
    ['is said twice', `${plain}\n,,,(Wh),(kW)\n${row}`, '"kWh" and "Wh", expected one unit'],
  ])('is refused where it %s', async (_, content, message) => {
    await expect(inspect(content)).rejects.toMatchObject({
      code: 'UNIT_UNEXPECTED',
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe('a list of another kind', () => {
  it.each([
    [
      'a column that only it has',
      `${plain},PV DC Input Capability\n${row}`,
      '"PV DC Input Capability"',
    ],
    [
      'a group that only it has',
      `${plain},UL 9540 Certification,\n,,,,,Entity,Date\n${row}`,
      'UL 9540',
    ],
    [
      'its title row',
      `Energy Storage System List (Full Data),,,,\nNotes,,,,\n${plain}\n${row}`,
      'Full Data',
    ],
    ['its title row alone', 'Energy Storage System List\na,b,c\n', 'Energy Storage System List'],
  ])('is told by %s', async (_, content, by) => {
    await expect(inspect(content)).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringMatching(
        new RegExp(
          `^the file looks like a list of storage systems \\(.*${by}.*expected a list of batteries`,
        ),
      ) as unknown,
    });
  });

  it('is not told by a mark that others share, nor by a title further up', async () => {
    const shared = `${plain},Weighted Efficiency\n${row}`;
    await expect(inspect(shared)).resolves.toMatchObject({ rows: 1 });
    const titles = `Energy Storage System List\nBattery List\n${plain}\n${row}`;
    await expect(inspect(titles)).resolves.toMatchObject({ rows: 1 });
    await expect(
      inspect(`A note on energy storage systems\n${plain}\n${row}`),
    ).resolves.toBeDefined();
  });

  it('is never called one with missing columns', async () => {
    const inverters =
      'Manufacturer,Model Number,Capacity (kWh),Night Tare Loss,Weighted Efficiency (%)\nA,1,1,1,97\n';
    await expect(inspect(inverters)).rejects.toMatchObject({
      code: 'OTHER_LIST',
      message: expect.stringContaining('a list of inverters') as unknown,
    });
    await expect(inspect('Manufacturer,Model Number,Rotor\nA,1,2\n')).rejects.toMatchObject({
      code: 'LAYOUT_UNKNOWN',
      message: expect.stringContaining('no known list looks like this') as unknown,
    });
  });

  it('is the right one under other words: what was found is named, and what was perhaps meant', async () => {
    const renamed =
      'Manufacturer,Model #,Battery Chemistry,Energy Capacity (kWh),Continuous Power (kW)';
    await expect(inspect(`${renamed}\n${row}`)).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message:
        'the file looks like a list of batteries, but lacks "model number", "technology", "nameplate energy capacity", ' +
        '"maximum continuous discharge rate"; found "Manufacturer", "Model #", "Battery Chemistry", "Energy Capacity (kWh)", ' +
        '"Continuous Power (kW)"; perhaps meant are "Model #" as "model number", "Battery Chemistry" as "technology", ' +
        '"Energy Capacity (kWh)" as "nameplate energy capacity", "Continuous Power (kW)" as "maximum continuous discharge rate"',
    });
  });
});

describe('columns that the layout does not know', () => {
  it('are named where they hold values, with how many; one without a title, too', async () => {
    const file = await inspect(`${plain},Colour,Blank,\nA,1,LFP,1,1,red,,x\nB,2,LFP,1,1,blue, ,\n`);
    expect(file.unread).toEqual([
      { title: 'Colour', rows: 2 },
      { title: 'column 8, which has no title', rows: 1 },
    ]);
    expect(file.header.ignored).toEqual(['Colour', 'Blank']);
  });
});
