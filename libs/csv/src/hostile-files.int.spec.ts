import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectCsvFile } from './csv-file.js';
import { batteryLayout } from './testing/battery-layout.js';
import { longestTurn } from './testing/longest-turn.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const megabytes = (count: number, text: string): string =>
  text.repeat(Math.ceil((count * 1024 * 1024) / text.length));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-hostile-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** In one turn, so many would take ten times as long as one may. */
const maxRows = 100_000;

describe('a hostile list', () => {
  it.each([
    ['commas only', megabytes(2, ','), 'ROW_TOO_LONG'],
    ['commas below a header', `${header}\n${megabytes(2, ',')}`, 'ROW_TOO_LONG'],
    ['quotes only', megabytes(2, '"'), 'ROW_TOO_LONG'],
    ['quotes below a header', `${header}\n${megabytes(2, '"')}`, 'ROW_TOO_LONG'],
    ['a quote that never ends', `${header}\nA,"${megabytes(2, 'x\n')}`, 'ROW_TOO_LONG'],
    ['rows of 200,000 commas', megabytes(2, `${','.repeat(200_000)}\n`), 'CELL_TOO_LONG'],
    ['wide rows', `${header}\n${megabytes(2, `A${','.repeat(200_000)}\n`)}`, 'ROW_TOO_WIDE'],
    ['padded rows', `${header}\n${megabytes(1, `A${','.repeat(16_000)}\n`)}`, undefined],
    ['filled rows', `${header}\n${megabytes(2, `${'A,'.repeat(600)}\n`)}`, 'ROW_TOO_WIDE'],
    ['two-byte rows', `${header}\n${megabytes(0.25, 'A\n')}`, 'LIST_TOO_LONG'],
    ['blank rows', `${header}\nA,B,LFP,1,1\n${megabytes(0.1, ',\n')}`, undefined],
    ['empty lines', `${header}\nA,B,LFP,1,1\n${megabytes(2, '\n')}`, 'LIST_TOO_LONG'],
    [
      'NULs below a header',
      `${header}\n${'A,B,LFP,1,1\n'.repeat(400)}${megabytes(2, '\0')}`,
      'ROW_TOO_LONG',
    ],
    ['a very long header', `${header},${megabytes(2, 'Column,')}\nA,B,LFP,1,1\n`, 'ROW_TOO_LONG'],
    ['a wide header', `${header},${'Column,'.repeat(600)}\nA,B,LFP,1,1\n`, 'ROW_TOO_WIDE'],
    ['a title of asterisks', `${header},${'*'.repeat(30_000)}x\nA,B,LFP,1,1\n`, undefined],
    ['a longer one', `${header},${'*'.repeat(200_000)}x\nA,B,LFP,1,1\n`, 'CELL_TOO_LONG'],
    ['many titles', megabytes(1, `${'(Capacity),'.repeat(500)}\n`), 'LAYOUT_UNKNOWN'],
  ])('of %s is read in short turns', async (_, content, code) => {
    const path = join(folder, 'list.csv');
    writeFileSync(path, content);
    const { longestMs, boundMs } = await longestTurn(async () => {
      const found = await inspectCsvFile(path, [batteryLayout], { maxRows }).then(
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
