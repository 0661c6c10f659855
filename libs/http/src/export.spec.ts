import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { csvLines, csvRecord, formatAskedFor, ndjsonLines } from './export.js';

const textOf = async (lines: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const line of lines) text += line;
  return text;
};

describe('a CSV export', () => {
  it('begins with the names of its columns and writes absent values as nothing', async () => {
    const rows = [{ model: 'A', kwh: '13.50' }, { model: 'B "2", x' }];
    const columns = [
      { name: 'model', value: (row: { model: string }) => row.model },
      { name: 'energy_kwh', value: (row: { kwh?: string }) => row.kwh },
    ];
    expect(await textOf(csvLines(rows, columns))).toBe(
      'model,energy_kwh\r\nA,13.50\r\n"B ""2"", x",\r\n',
    );
  });

  it('gives every text back to whoever wants it raw', () => {
    const cell = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        expect(parse(csvRecord(cells, { raw: true }), { record_delimiter: '\r\n' })).toEqual([
          cells,
        ]);
      }),
    );
  });

  it('has no text that a spreadsheet runs, and every number as it is', () => {
    const record = csvRecord(['=1+1', '-5', '+4.9e3', '@x', '-5V-PACK', '\t=1', '＝1', 'a=1', -3]);
    expect(record).toBe(`'=1+1,-5,+4.9e3,'@x,'-5V-PACK,'\t=1,'＝1,a=1,-3\r\n`);
    const behind = csvRecord([' =1+1', '\n=1', '\r=1', '\u00a0＝1', ' @x', ' -5', '\n', ' a']);
    expect(behind).toBe(`' =1+1,"'\n=1","'\r=1",'\u00a0＝1,' @x," -5","'\n"," a"\r\n`);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const [[cell = ''] = []] = parse(csvRecord([text]), { record_delimiter: '\r\n' });
        expect(cell).toSatisfy((one: string) => !/^\s*[=@＝＠]|^[\t\r\n]/.test(one));
        expect([text, `'${text}`]).toContain(cell);
      }),
    );
  });

  it('begins with a byte order mark where one is wanted', async () => {
    const columns = [{ name: 'a', value: (row: { a: string }) => row.a }];
    expect(await textOf(csvLines([{ a: '=x' }], columns, { bom: true, raw: true }))).toBe(
      '\uFEFFa\r\n=x\r\n',
    );
  });
});

describe('an NDJSON export', () => {
  it('has one object per line', async () => {
    expect(await textOf(ndjsonLines([{ a: 'x\ny' }, { b: 1 }]))).toBe('{"a":"x\\ny"}\n{"b":1}\n');
  });
});

describe('the format', () => {
  it('is what the parameter says, before what the header says', () => {
    expect(formatAskedFor('ndjson', 'text/csv')).toBe('ndjson');
    expect(formatAskedFor(undefined, 'text/csv, */*')).toBe('csv');
    expect(formatAskedFor('json', 'text/csv')).toBeUndefined();
    expect(formatAskedFor(undefined, '*/*')).toBeUndefined();
  });
});
