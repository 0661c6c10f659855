import { describe, expect, it } from 'vitest';

import { longestTurn } from '#csv/testing/longest-turn.js';

import { makeWorkbook } from './testing/make-workbook.js';
import { makeZip, type ZipPart } from './testing/make-zip.js';
import { rowsOf, useWorkbookFolder } from './testing/open-workbook.js';

useWorkbookFolder();

const megabyte = 1_024 * 1_024;

const withPart = (part: ZipPart): Buffer =>
  makeWorkbook({ sheets: [{ name: 'A', rows: [] }], parts: [part] });
const sheet = (content: string | Buffer, more: Partial<ZipPart> = {}): Buffer =>
  withPart({ name: 'xl/worksheets/sheet1.xml', content, ...more });
const rows = (xml: string): Buffer => sheet(`<worksheet><sheetData>${xml}</sheetData></worksheet>`);
const strings = (xml: string): Buffer =>
  withPart({ name: 'xl/sharedStrings.xml', content: `<sst>${xml}</sst>` });
const parts = (...names: readonly string[]): Buffer =>
  makeZip(names.map((name) => ({ name, content: 'a' })));
const longText = 'x'.repeat(megabyte / 2);

describe('a workbook that cannot be read', () => {
  it.each([
    ['is an archive of something else', parts('a.txt'), 'NOT_A_WORKBOOK', 'a zip archive'],
    ['is an OpenDocument file', parts('content.xml'), 'NOT_A_WORKBOOK', 'OpenDocument'],
    ['is a binary one', parts('xl/workbook.bin'), 'NOT_A_WORKBOOK', '.xlsb'],
    ['was cut off', makeWorkbook({ sheets: [] }).subarray(0, 500), 'WORKBOOK_BROKEN', ''],
    ['has a part twice', parts('a', 'A'), 'WORKBOOK_BROKEN', 'two parts'],
    [
      'has a password',
      makeZip([{ name: 'a', content: 'a', isEncrypted: true }]),
      'WORKBOOK_BROKEN',
      'password',
    ],
    ['has XML that is none', sheet('<worksheet><row></worksheet>'), 'WORKBOOK_BROKEN', 'no XML'],
    [
      'has a document type',
      sheet('<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'),
      'WORKBOOK_BROKEN',
      'document type',
    ],
    [
      'has bytes of no text',
      sheet(Buffer.from('<a>\u00ff', 'latin1')),
      'WORKBOOK_BROKEN',
      'no text',
    ],
    ['has a cell too far right', rows('<row><c r="XFE1"/></row>'), 'WORKBOOK_BROKEN', 'far right'],
    [
      'has cells out of order',
      rows('<row><c r="B1"/><c r="A1"/></row>'),
      'WORKBOOK_BROKEN',
      'out of order',
    ],
    ['has rows out of order', rows('<row r="2"/><row r="1"/>'), 'WORKBOOK_BROKEN', 'not below'],
    [
      'lacks a text',
      rows('<row><c t="s"><v>7</v></c></row>'),
      'WORKBOOK_BROKEN',
      'that the workbook lacks',
    ],
  ])('%s, and says so', async (_, content, code, message) => {
    await expect(rowsOf(content)).rejects.toMatchObject({
      code,
      kind: 'unprocessable',
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe('a hostile workbook', () => {
  it.each([
    [
      'too many parts',
      parts(...Array.from({ length: 5_000 }, (_, n) => `${String(n)}.xml`)),
      'WORKBOOK_TOO_LARGE',
    ],
    [
      'a part that says it is vast',
      sheet('<a/>', { claimedSize: 3_000 * megabyte }),
      'WORKBOOK_TOO_LARGE',
    ],
    [
      'a part larger than it says',
      sheet(`<a>${' '.repeat(8 * megabyte)}</a>`, { claimedSize: 100 }),
      'WORKBOOK_BROKEN',
    ],
    ['a text without end', rows(`<row><c><v>${longText.repeat(6)}`), 'WORKBOOK_BROKEN'],
    ['a tag without end', sheet(`<a ${'b="" '.repeat(megabyte)}`), 'WORKBOOK_BROKEN'],
    ['a comment without end', sheet(`<a><!--${longText.repeat(6)}`), 'WORKBOOK_BROKEN'],
    ['elements in one another', sheet('<a>'.repeat(megabyte)), 'WORKBOOK_BROKEN'],
    ['too many texts', strings('<si/>'.repeat(megabyte + 1)), 'WORKBOOK_TOO_LARGE'],
    [
      'too many characters',
      strings(`<si><t>${longText}</t></si>`.repeat(100)),
      'WORKBOOK_TOO_LARGE',
    ],
    [
      'one cell of many runs',
      rows(`<row><c t="inlineStr"><is>${`<r><t>${longText}</t></r>`.repeat(3)}</is></c></row>`),
      'WORKBOOK_TOO_LARGE',
    ],
    [
      'one cell of many values',
      rows(`<row><c t="str">${`<v>${longText}</v>`.repeat(3)}</c></row>`),
      'WORKBOOK_TOO_LARGE',
    ],
    [
      'one row of long cells',
      rows(`<row>${`<c t="str"><v>${longText}</v></c>`.repeat(3)}</row>`),
      'WORKBOOK_TOO_LARGE',
    ],
    ['rows of nothing', rows('<row/>'.repeat(megabyte / 2)), undefined],
    ['wide rows', rows('<row><c r="XFD1"/></row>'.repeat(200)), undefined],
    [
      'numbers in formats',
      rows(`<row>${'<c s="9"><v>1E300</v></c>'.repeat(16_000)}</row>`),
      undefined,
    ],
  ])('of %s is read in short turns', async (_, content, code) => {
    const { longestMs, boundMs } = await longestTurn(async () => {
      const found = await rowsOf(content).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(found).toEqual(
        code === undefined ? undefined : expect.objectContaining({ code, kind: 'unprocessable' }),
      );
    });
    expect(longestMs).toBeLessThan(boundMs);
  });
});
