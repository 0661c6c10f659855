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

  it('gives every text back to whoever reads it', () => {
    const cell = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (cells) => {
        expect(parse(csvRecord(cells), { record_delimiter: '\r\n' })).toEqual([cells]);
      }),
    );
  });

  it('does not alter what a spreadsheet might take for a formula', () => {
    expect(csvRecord(['=1+1', '-5', '@x'])).toBe('=1+1,-5,@x\r\n');
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
