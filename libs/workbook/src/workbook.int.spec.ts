import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type MadeCell, type MadeWorkbook, makeWorkbook } from './testing/make-workbook.js';
import { openedIn, rowsOf, useWorkbookFolder } from './testing/open-workbook.js';

useWorkbookFolder();

/** The texts of one row. */
const cellsOf = async (cells: readonly MadeCell[], options: Partial<MadeWorkbook> = {}) =>
  (await rowsOf(makeWorkbook({ sheets: [{ name: 'A', rows: [cells] }], ...options })))[0];

describe('the rows of a sheet', () => {
  it('are the texts that were written, whatever they are', async () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((one) => !/_x|[^\P{Control}\t\n]|\ufffe|\uffff/u.test(one));
    const rows = fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        const read = await rowsOf(makeWorkbook({ sheets: [{ name: 'A', rows: written }] }));
        expect(read.map(({ cells }) => cells)).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  it('hold texts, numbers and blanks at their columns, and are numbered as they are shown', async () => {
    const rows = await rowsOf(
      makeWorkbook({
        sheets: [{ name: 'A', rows: [['a', undefined, 1.5], [], [undefined, ' b & <c>\n']] }],
      }),
    );
    expect(rows.map(({ number, cells }) => [number, cells])).toEqual([
      [1, ['a', '', '1.5']],
      [2, []],
      [3, ['', ' b & <c>\n']],
    ]);
  });

  it('join runs of a text, leave out how it is pronounced and undo escapes', async () => {
    const strings =
      '<sst><si><r><t>PB</t></r><r><rPr><b/></rPr><t xml:space="preserve"> 100</t></r><rPh><t>x</t></rPh></si><si><t>a_x000D_b_x005F_x000D_</t></si></sst>';
    const cells = [0, 1].map((n) => ({ xml: `<c t="s"><v>${String(n)}</v></c>` }));
    const parts = [{ name: 'xl/sharedStrings.xml', content: strings }];
    expect((await cellsOf(cells, { parts }))?.cells).toEqual(['PB 100', 'a\rb_x000D_']);
  });

  it('have inline texts, truths, errors and computed values; a formula nobody computed is seen', async () => {
    const cells = [
      '<c t="inlineStr"><is><t>in</t></is></c>',
      '<c t="b"><v>1</v></c>',
      '<c t="e"><v>#REF!</v></c>',
      '<c t="str"><f>A1&amp;"x"</f><v>ax</v></c>',
      '<c><f>1+1</f><v>2</v></c>',
      '<c><f>1+1</f></c>',
    ].map((xml) => ({ xml }));
    expect((await cellsOf(cells))?.cells).toEqual(['in', 'TRUE', '#REF!', 'ax', '2', '=1+1']);
  });

  it('are found under prefixes of the namespace, too', async () => {
    const sheet =
      '<x:worksheet><x:sheetData><x:row><x:c t="str"><x:v>a</x:v></x:c></x:row></x:sheetData></x:worksheet>';
    const parts = [{ name: 'xl/worksheets/sheet1.xml', content: sheet }];
    expect((await cellsOf([], { parts }))?.cells).toEqual(['a']);
  });
});

describe('a number', () => {
  it.each([
    ['8.1999999999999993', '8.2', '8.2'],
    ['1.11111E+18', '1111110000000000000', '1.11111E+18'],
    ['9551670000000', '9551670000000', '9.55167E+12'],
    ['1.5E-7', '0.00000015', '0.00000015'],
  ])(
    '%s is read as the shortest decimal, and both forms are kept',
    async (stored, text, displayed) => {
      const row = await cellsOf([{ number: stored, style: 0 }]);
      expect(row?.cells).toEqual([text]);
      expect(row?.forms.get(0)).toEqual({ displayed, stored, kind: 'general' });
    },
  );

  it('is displayed by its format, and read as it is stored', async () => {
    const formats = ['00000', '0.00', 9];
    const cells = [
      { number: 123, style: 1 },
      { number: 305.5104, style: 2 },
      { number: 0.895, style: 3 },
      5.12,
    ];
    const row = await cellsOf(cells, { formats });
    expect(row?.cells).toEqual(['123', '305.5104', '0.895', '5.12']);
    expect([...(row?.forms ?? [])].map(([at, { displayed }]) => [at, displayed])).toEqual([
      [0, '00123'],
      [1, '305.51'],
      [2, '90%'],
    ]);
  });
});

describe('a date', () => {
  it.each([
    ['44349', 14, false, '2021-06-02', '6/2/2021'],
    ['45727.5', 22, false, '2025-03-11T12:00:00', '3/11/2025 12:00'],
    ['45727', '[$-409]d\\-mmm\\-yy;@', false, '2025-03-11', '11-Mar-25'],
    ['44265', 14, true, '2025-03-11', '3/11/2025'],
    ['59', 14, false, '1900-02-28', '2/28/1900'],
    ['60', 14, false, '1900-02-29', '2/29/1900'],
    ['61', 14, false, '1900-03-01', '3/1/1900'],
    ['0.5', 20, false, '12:00', '12:00'],
  ])(
    '%s in the format %s (from 1904: %s) is %s',
    async (stored, format, isFrom1904, text, displayed) => {
      const row = await cellsOf([{ number: stored, style: 1 }], { formats: [format], isFrom1904 });
      expect(row?.cells).toEqual([text]);
      expect(row?.forms.get(0)).toEqual({ displayed, stored, kind: 'date' });
    },
  );

  it('beyond the calendar is the number that it is', async () => {
    const row = await cellsOf(
      [
        { number: 20250311, style: 1 },
        { number: -5, style: 1 },
      ],
      { formats: [14] },
    );
    expect(row?.cells).toEqual(['20250311', '-5']);
  });

  it('may be stored as text', async () => {
    const row = await cellsOf([{ xml: '<c t="d"><v>2025-03-11T00:00:00Z</v></c>' }]);
    expect(row?.cells).toEqual(['2025-03-11']);
  });
});

describe('the sheets of a workbook', () => {
  it('are told with whether they are hidden', async () => {
    const content = makeWorkbook({
      sheets: [
        { name: 'Batteries & more', rows: [] },
        { name: 'Old', rows: [['x']], state: 'veryHidden' },
      ],
    });
    const sheets = await openedIn(content, (workbook) => Promise.resolve(workbook.sheets));
    expect(sheets.map(({ name, isHidden }) => [name, isHidden])).toEqual([
      ['Batteries & more', false],
      ['Old', true],
    ]);
    expect((await rowsOf(content, 1))[0]?.cells).toEqual(['x']);
  });
});
