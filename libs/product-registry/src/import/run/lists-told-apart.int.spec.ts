import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { runImport } from './run-import.js';

const folder = join(process.env['VOLTRACE_CASES'] ?? '../shared/cases', 'registry');
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: no cases in ${folder} (VOLTRACE_CASES)`);

const never = new AbortController().signal;

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const imported = async (name: string) => {
  const importId = await bench.receiveFile(join(folder, name));
  await runImport(bench.tools, importId, 'a', never);
  return bench.state(importId);
};

(isThere ? describe : describe.skip)('of the lists that are wrong in one way', () => {
  it.each([
    [
      'storage-list-taken-for-batteries.csv',
      'OTHER_LIST',
      /^the file looks like the CEC list of energy storage systems \("PV DC Input Capability", "UL 9540 Certification"\)/,
    ],
    [
      'header-renamed.csv',
      'COLUMN_MISSING',
      /found "Manufacturer", "Model #".*perhaps meant are "Model #" as "model number", "Battery Chemistry" as "technology"/,
    ],
  ])('%s is refused, and nothing is written', async (name, code, reason) => {
    const { status, failure } = await imported(name);
    expect({ status, failure }).toEqual({
      status: 'failed',
      failure: expect.objectContaining({
        code,
        reason: expect.stringMatching(reason) as unknown,
      }) as unknown,
    });
    expect(await bench.events('product', 'manufacturer', 'key')).toEqual([]);
  });

  it('the sheet with two header rows keeps its certificate and its units', async () => {
    const state = await imported('official-two-row-header-loses-certification.csv');
    expect(countsOf(state)).toMatchObject({ accepted: 1 });
    const facts = (await bench.events('product')).map(({ type, data }) => ({ type, data }));
    expect(facts.find(({ type }) => type === 'ElementsSet')?.data).toMatchObject({
      elements: {
        EnergyCapacityNominal: { value: '5.12', unit: 'kWh' },
        PowerDCContinuousMax: { value: '2.5', unit: 'kW' },
      },
    });
    expect(JSON.stringify(facts)).toContain(
      '"agency":"CSA Group","standard":"UL1973","edition":"Ed. 3 : 2022","certificateDate":"2025-03-01"',
    );
  });
});
