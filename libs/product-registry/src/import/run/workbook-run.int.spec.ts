import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeWorkbook } from '#workbook/testing/make-workbook.js';

import { previewImport } from '../preview/preview-import.js';
import { countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { runImport } from './run-import.js';

const never = new AbortController().signal;
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');
const published = (ending: string) => join(folder, `Battery_List_Data_ADA.2026-02-11.${ending}`);
const withLists = existsSync(folder) ? describe : describe.skip;
if (!existsSync(folder)) console.warn(`skipped: no published lists in ${folder} (VOLTRACE_DATA)`);

/** The two rows of a published header, with a column that nobody knows; 1 is the style of a date. */
const workbook = makeWorkbook({
  formats: [14],
  sheets: [
    { name: 'Notes', rows: [['Read me first']] },
    {
      name: 'Batteries',
      rows: [
        ['Battery List'],
        [
          'Manufacturer Name',
          'Model Number',
          'Technology',
          'UL 1973 Certification',
          undefined,
          'Capacity',
          'Discharge Rate',
          'Colour',
        ],
        [
          undefined,
          undefined,
          undefined,
          'Certifying Entity',
          'Certificate Date (mm/dd/yyyy)',
          '(kWh)',
          '(kW)',
        ],
        [
          'Sheet Power',
          'S-1',
          'LFP',
          'CSA Group',
          { number: 45717, style: 1 },
          { number: '8.1999999999999993', style: 0 },
          2.5,
          'red',
        ],
      ],
    },
  ],
});

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

describe('a run of a workbook', () => {
  it('is previewed from the sheet that is the list, and says what is not read', async () => {
    const spooled = await bench.tools.files.spool(new Blob([workbook]).stream());
    const options = { kind: 'products', issueCodes: true, gone: never } as const;
    const found = await previewImport(bench.tools.registry, spooled.path, options);
    expect(found).toMatchObject({
      ...{ layout: 'cec-batteries', sheet: 'Batteries', unreadSheets: ['Notes'] },
      unreadColumns: [{ title: 'Colour', rows: 1 }],
      rows: { total: 1, accepted: 1 },
    });
    await bench.tools.files.discard(spooled);
  });

  it('takes its products in, and the evidence has the cells as displayed and as stored', async () => {
    const importId = await bench.receive(workbook);
    expect(await runImport(bench.tools, importId, 'a', never)).toBe('done');
    const state = await bench.state(importId);
    expect(countsOf(state)).toMatchObject({ accepted: 1 });
    expect(state.read).toMatchObject({
      ...{ sheet: 'Batteries', unreadSheets: ['Notes'], delimiter: '' },
      unreadColumns: [{ title: 'Colour', rows: 1 }],
    });
    const facts = await bench.events('product');
    const { elements } = facts.find(({ type }) => type === 'ProductRegistered')?.data ?? {};
    const certified = facts.find(({ type }) => type === 'CertificationRecorded')?.data;
    expect(JSON.stringify([elements, certified, facts.map(({ data }) => data)])).toMatch(
      /"value":"8.2","unit":"kWh".*2025-03-01/,
    );
    for (const { metadata } of facts) {
      expect(metadata.evidence).toMatchObject({
        ...{ sheet: 'Batteries', row: 1 },
        cells: {
          'ul 1973 certification certificate date': { displayed: '3/1/2025', stored: '45717' },
          'nameplate energy capacity': { displayed: '8.2', stored: '8.1999999999999993' },
        },
      });
    }
  });

  it('is kept as it was sent, under its hash', async () => {
    const { received } = await bench.state(await bench.receive(workbook));
    const path = await bench.tools.files.find(received.sha256);
    expect(path).toMatch(/\.xlsx$/);
    expect(workbook.equals(await readFile(path ?? ''))).toBe(true);
  });

  it('fails with the reason where no sheet is the list', async () => {
    const meters = makeWorkbook({
      sheets: [
        {
          name: 'M',
          rows: [
            ['Manufacturer', 'Display Type'],
            ['A', 'LCD'],
          ],
        },
      ],
    });
    const importId = await bench.receive(meters);
    await runImport(bench.tools, importId, 'a', never);
    expect(await bench.state(importId)).toMatchObject({
      status: 'failed',
      failure: {
        code: 'OTHER_LIST',
        reason: expect.stringContaining(
          'sheet "M": the file looks like the CEC list of meters',
        ) as unknown,
      },
    });
  });
});

withLists('the published workbook after the CSV file of that day', () => {
  it('changes no product', async () => {
    const csv = await bench.receiveFile(published('csv'), { asOf: '2026-02-11' });
    await runImport(bench.tools, csv, 'a', never);
    const before = await bench.events('product', 'manufacturer', 'key');
    const { accepted, ...open } = countsOf(await bench.state(csv));
    const xlsx = await bench.receiveFile(published('xlsx'));
    await runImport(bench.tools, xlsx, 'a', never);
    // It says so itself, above its header.
    expect((await bench.state(xlsx)).asOf).toBe('2026-02-11');
    expect(await bench.events('product', 'manufacturer', 'key')).toHaveLength(before.length);
    expect(countsOf(await bench.state(xlsx))).toEqual({
      ...open,
      accepted: 0,
      unchanged: accepted,
    });
  });
});
