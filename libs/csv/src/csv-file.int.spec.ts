import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CsvRow, inspectCsvFile, readRows } from './csv-file.js';
import { batteryLayout } from './testing/battery-layout.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-list-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const written = (content: string | Buffer): string => {
  const path = join(folder, 'list.csv');
  writeFileSync(path, content);
  return path;
};

const inspect = (content: string | Buffer) => inspectCsvFile(written(content), [batteryLayout]);

const rowsOf = async (content: string | Buffer): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const row of readRows(await inspect(content))) rows.push(row);
  return rows;
};

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const list = `${header}\nZoë Énergie,Z-1,LFP,5.12,2.5\n`;

describe('the encoding of a list', () => {
  it.each([
    ['UTF-8', Buffer.from(list), 'utf-8'],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${list}`), 'utf-8'],
    ['UTF-16 little-endian', iconv.encode(list, 'utf-16le', { addBOM: true }), 'utf-16le'],
    ['UTF-16 big-endian', iconv.encode(list, 'utf-16be', { addBOM: true }), 'utf-16be'],
    ['UTF-16 without a byte order mark', iconv.encode(list, 'utf-16le'), 'utf-16le'],
    ['windows-1252', iconv.encode(list, 'windows-1252'), 'windows-1252'],
  ])('%s is told by its bytes', async (_, bytes, encoding) => {
    const file = await inspect(bytes);
    expect([file.encoding, file.rows]).toEqual([encoding, 1]);
    expect((await rowsOf(bytes))[0]?.cells['manufacturer']).toBe('Zoë Énergie');
  });

  it('stays UTF-8 where one byte of many is broken', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => `Zoë Énergie,Z-${String(n)},LFP,5,2\n`);
    const bytes = Buffer.concat([
      Buffer.from(header + '\n' + rows.join('')),
      Buffer.from([0x41, 0xe9, 0x2c, 0x42, 0x2c, 0x4c, 0x46, 0x50, 0x2c, 0x35, 0x2c, 0x32, 0x0a]),
    ]);
    const read = await rowsOf(bytes);
    expect(read[3]?.cells['manufacturer']).toBe('Zoë Énergie');
    expect(read.at(-1)?.cells['manufacturer']).toBe('A\ufffd');
  });

  it.each([
    ['an old Excel workbook', Buffer.from('\u00d0\u00cf\u0011\u00e0 rest', 'latin1'), 'Excel'],
    ['a PDF', Buffer.from('%PDF-1.7'), 'PDF'],
    [
      'bytes of no text',
      Buffer.from([0x41, 0x00, 0x42, 0x43, 0x01, 0x02, 0x00, 0x00, 0x13]),
      'bytes',
    ],
  ])('%s is refused', async (_, bytes, why) => {
    await expect(inspect(bytes)).rejects.toMatchObject({
      code: 'NOT_TEXT',
      message: expect.stringContaining(why) as unknown,
    });
  });

  it('needs a file with something in it', async () => {
    await expect(inspect('')).rejects.toMatchObject({ code: 'EMPTY_FILE' });
  });
});

describe('the records of a list', () => {
  it.each([';', ',', '\t', '|'])('are told apart by %j', async (delimiter) => {
    const rows = await rowsOf(list.replaceAll(',', delimiter));
    expect(rows).toEqual([
      {
        row: 1,
        cells: {
          manufacturer: 'Zoë Énergie',
          model: 'Z-1',
          technology: 'LFP',
          energy: '5.12',
          power: '2.5',
        },
      },
    ]);
  });

  it('end in CRLF, LF or CR, mixed', async () => {
    const rows = await rowsOf(`${header}\r\nA,1,LFP,1,1\nB,2,LFP,1,1\r\nC,3,LFP,1,1\rD,4,LFP,1,1`);
    expect(rows.map(({ cells }) => cells['model'])).toEqual(['1', '2', '3', '4']);
  });

  it('are misshapen where cells are missing or hold something beyond the header', async () => {
    const rows = await rowsOf(
      `${header}\nA,B,LFP\nA,B,LFP,1,1,more\nA,B,LFP,1,1,,,\nA,B,LFP,,\nA,B,LFP,\n`,
    );
    expect(rows.map(({ misshapen }) => misshapen)).toEqual([
      '3 cells, expected 5',
      '6 cells, expected 5',
      undefined,
      undefined,
      '4 cells, expected 5',
    ]);
  });

  it('may hold line breaks, delimiters and stray quotes in a cell', async () => {
    const rows = await rowsOf(`${header}\n"A\nB, ""C""",M,5" case,1,1\n`);
    expect(rows[0]?.cells).toMatchObject({ manufacturer: 'A\nB, "C"', technology: '5" case' });
  });

  it('begin below titles and notes, and below a row of units', async () => {
    const leading = 'Battery List,,\n"Note: not confirmed, ""as is""",,\n\n';
    const units = ',,,(kWh),(kW)\n';
    const file = await inspect(`${leading}${header}\n${units}A,1,LFP,1,1\n`);
    expect([file.leading, file.rows]).toEqual([4, 1]);
  });

  it('do not count where they are blank, nor do empty columns at their ends', async () => {
    const blank = ',,,,\n\u00a0,,,,\n';
    const many = ','.repeat(16_000);
    const rows = await rowsOf(
      `${header}${many}\nA,1,LFP,1,1${many}\n${blank}B,2,LFP,1,1\n${blank}`,
    );
    expect(rows.map(({ row, cells }) => [row, cells['model']])).toEqual([
      [1, '1'],
      [2, '2'],
    ]);
  });

  it('are found under headers with footnotes, odd spaces and superscripts', async () => {
    const odd =
      'Manufacturer  Name¹,Model Number*,Technology2,Nameplate Energy\nCapacity (kWh)1,Maximum Continuous Discharge Rate2 (kW)';
    expect(await rowsOf(`"${odd.replaceAll(',', '","')}"\nA,1,LFP,1,1\n`)).toHaveLength(1);
  });

  it('say their units behind a title or below it, as written', async () => {
    const units = ',,,(wh),\n';
    const titles = header.replace(' (kWh)', '');
    const file = await inspect(`${titles}\n${units}A,1,LFP,5120,1\n`);
    expect(file.columns.map(({ unit }) => unit).slice(3)).toEqual(['wh', 'kW']);
  });

  it('are counted by what their numbers look like, column by column', async () => {
    const rows = ['5,12;1.200', '1.200,5;600', '10 237,65;2.5', '-;12'];
    const file = await inspect(
      `${header.replaceAll(',', ';')}\n${rows.map((row) => `A;1;LFP;${row}\n`).join('')}`,
    );
    expect(file.numbers).toMatchObject({
      energy: { shapes: { comma: 3, point: 0 }, numbers: 3, thousands: 2 },
      power: { shapes: { pointOfThree: 1, point: 1, whole: 2 }, numbers: 4, thousands: 1 },
    });
  });

  it('are counted by what their dates say of day and month', async () => {
    const dated = { ...batteryLayout.columns, listed: { names: ['listed'], date: true } } as const;
    const dates = ['28/03/2025', '03/28/2025', '03/04/2025', '3/3/2025', '[3/4/2025]', '3.4.2025'];
    const path = written(
      `${header},Listed\n${dates.map((one) => `A,1,LFP,1,1,${one}\n`).join('')}`,
    );
    const file = await inspectCsvFile(path, [{ ...batteryLayout, columns: dated }]);
    expect(file.dates.listed).toMatchObject({ dayFirst: 1, monthFirst: 1, either: 2, unpadded: 2 });
  });

  it('are written with decimal commas where most numbers are', async () => {
    const file = await inspect(`${header.replaceAll(',', ';')}\nA;1;LFP;5,12;2,5\nB;2;LFP;10;4\n`);
    expect(file.decimalMark).toBe(',');
  });
});

describe('a file that cannot be imported', () => {
  it.each([
    ['no header at all', 'a,b,c\nd,e,f\n', 'LAYOUT_UNKNOWN', 'found no header row'],
    [
      'a missing column',
      header.replace(',Capacity (kWh)', ''),
      'COLUMN_MISSING',
      '"nameplate energy capacity"',
    ],
    ['a column twice', `${header},Model Number`, 'COLUMN_TWICE', 'model number'],
    [
      'another unit in a header',
      header.replace('kWh', 'Ah'),
      'UNIT_UNEXPECTED',
      'expected kWh or Wh',
    ],
    [
      'another unit below the header',
      `${header}\n,,,(MWh),(kW)\nA,1,LFP,1,1`,
      'UNIT_UNEXPECTED',
      'MWh',
    ],
    ['no row below the header', `${header}\n,,,\n`, 'NO_ROWS', 'no row'],
    [
      'a quote that never ends',
      `${header}\nA,1,LFP,1,1\n"B,2,LFP,1,1\n`,
      'CSV_BROKEN',
      'never ends',
    ],
    [
      'a record without end',
      `${header}\nA,"${'x'.repeat(300_000)}",LFP,1,1\n`,
      'ROW_TOO_LONG',
      'larger than',
    ],
    ['too many columns', `${header}\n${'x,'.repeat(600)}x\n`, 'ROW_TOO_WIDE', 'at most 512'],
    [
      'a long cell',
      `${header}\nA,${'x'.repeat(40_000)},LFP,1,1\n`,
      'CELL_TOO_LONG',
      'cell 2 has 40000 characters, expected at most 32767',
    ],
  ])('has %s, and says so', async (_, content, code, message) => {
    await expect(inspect(content)).rejects.toMatchObject({
      code,
      kind: 'unprocessable',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('has more rows than are taken, and says so', async () => {
    const path = written(`${header}\n${'A,1,LFP,1,1\n\n'.repeat(4)}`);
    await expect(inspectCsvFile(path, [batteryLayout], { maxRows: 4 })).resolves.toBeDefined();
    await expect(inspectCsvFile(path, [batteryLayout], { maxRows: 3 })).rejects.toMatchObject({
      code: 'LIST_TOO_LONG',
      message: 'the file has more than 3 data rows, which this server takes at most',
    });
  });

  it('is left alone where nobody waits for it any more', async () => {
    const path = written(`${header}\n${'A,1,LFP,1,1\n'.repeat(50_000)}`);
    const gone = new AbortController();
    const reading = inspectCsvFile(path, [batteryLayout], { signal: gone.signal });
    gone.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });
});
