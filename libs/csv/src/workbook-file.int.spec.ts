import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type MadeSheet, makeWorkbook } from '#workbook/testing/make-workbook.js';

import { type CsvRow, inspectCsvFile, readRows } from './csv-file.js';
import type { Layout } from './layout.js';
import { batteryLayout } from './testing/battery-layout.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-sheets-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const layout = {
  ...batteryLayout,
  others: [{ title: 'a list of meters', marks: ['display type'], least: 1 }],
} as const satisfies Layout;

/** Styles: 1 is a date, 2 five digits, 3 two decimals. */
const inspect = (...sheets: readonly MadeSheet[]) => {
  // What a file is called tells nothing.
  const path = join(folder, 'list.csv');
  writeFileSync(path, makeWorkbook({ sheets, formats: [14, '00000', '0.00'] }));
  return inspectCsvFile(path, [layout], { maxRows: 3 });
};

const header = [
  'Manufacturer',
  'Model Number',
  'Chemistry',
  'Capacity (kWh)',
  'Discharge Rate (kW)',
];
const list = (...rows: MadeSheet['rows']): MadeSheet['rows'] => [header, ...rows];
const row = ['A', 'M-1', 'LFP', 5.12, 2.5];

const rowsOf = async (...rows: MadeSheet['rows']): Promise<CsvRow[]> => {
  const found: CsvRow[] = [];
  for await (const one of readRows(await inspect({ name: 'A', rows: list(...rows) })))
    found.push(one);
  return found;
};

describe('the sheet of a workbook', () => {
  it('is chosen by its layout, and the others are named', async () => {
    const file = await inspect(
      { name: 'Notes', rows: [['Read me first']] },
      { name: 'Empty', rows: [[]] },
      { name: 'Few', rows: [header.slice(0, 4), row.slice(0, 4)] },
      { name: 'Batteries', rows: [['Battery List'], [], ...list(row, row)] },
      { name: 'Copy', rows: list(row) },
    );
    expect(file).toMatchObject({
      sheet: { name: 'Batteries', unread: ['Notes', 'Few', 'Copy'] },
      ...{ encoding: 'utf-8', delimiter: '', decimalMark: '.', leading: 2, rows: 2 },
    });
  });

  it.each([
    [
      'is a list of another kind',
      [
        { name: 'Notes', rows: [['x']] },
        { name: 'M', rows: [['Manufacturer', 'Display Type']] },
      ],
      'OTHER_LIST',
      'sheet "M": the file looks like a list of meters',
    ],
    [
      'lacks a column',
      [{ name: 'B', rows: [header.slice(0, 4), row] }],
      'COLUMN_MISSING',
      'sheet "B": the file looks like a list of batteries, but lacks "maximum',
    ],
    [
      'is hidden',
      [{ name: 'H', rows: list(row), state: 'hidden' }],
      'NO_SHEET',
      '"H", which is hidden',
    ],
    ['is empty', [{ name: 'E', rows: [[], []] }], 'NO_SHEET', 'no sheet that holds anything'],
    ['has no row', [{ name: 'B', rows: list() }], 'NO_ROWS', 'no row below'],
    [
      'has too many rows',
      [{ name: 'B', rows: list(row, row, row, row) }],
      'LIST_TOO_LONG',
      '3 data rows',
    ],
    [
      'has a long cell',
      [{ name: 'B', rows: list(['x'.repeat(40_000), ...row.slice(1)]) }],
      'CELL_TOO_LONG',
      'row 2: cell 1',
    ],
  ] satisfies readonly (readonly [string, readonly MadeSheet[], string, string])[])(
    'is refused where it %s',
    async (_, sheets, code, message) => {
      await expect(inspect(...sheets)).rejects.toMatchObject({
        code,
        kind: 'unprocessable',
        message: expect.stringContaining(message) as unknown,
      });
    },
  );
});

describe('a row of a sheet', () => {
  it('has the cells of its columns, blank where nothing was written', async () => {
    expect(await rowsOf(['A', undefined, 'LFP'])).toEqual([
      { row: 1, cells: { manufacturer: 'A', model: '', technology: 'LFP', energy: '', power: '' } },
    ]);
  });

  it('is misshapen where something stands beyond the header', async () => {
    expect(await rowsOf([...row, 'more'])).toMatchObject([{ misshapen: '6 cells, expected 5' }]);
  });

  it('reads a number as it is stored where numbers are meant, else as it is displayed', async () => {
    const [found] = await rowsOf([
      'A',
      { number: 123, style: 2 },
      { number: 45727, style: 1 },
      { number: 305.5104, style: 3 },
      { number: '8.1999999999999993', style: 0 },
    ]);
    expect(found?.cells).toEqual({
      ...{ manufacturer: 'A', model: '00123', technology: '2025-03-11' },
      ...{ energy: '305.5104', power: '8.2' },
    });
    expect(found?.forms).toMatchObject({
      model: { displayed: '00123', stored: '123' },
      technology: { displayed: '3/11/2025', stored: '45727' },
      energy: { displayed: '305.51', stored: '305.5104' },
      power: { displayed: '8.2', stored: '8.1999999999999993' },
    });
  });
});
