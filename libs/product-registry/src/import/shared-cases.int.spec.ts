import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ProductDocument } from '../product/document.js';
import { makeProduct } from '../testing/make.js';
import {
  type CaseRun,
  cases,
  importCase,
  outcomesOf,
  saidOf,
  sharedCase,
  writtenOf,
} from './testing/case-run.js';
import { ImportBench } from './testing/import-bench.js';

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const run = (name: string): Promise<CaseRun> => importCase(bench, sharedCase(`${name}.csv`));

const energy = (product: ProductDocument | undefined) => product?.elements['EnergyCapacityNominal'];
const power = (product: ProductDocument | undefined) => product?.elements['PowerDCContinuousMax'];
const listedOn = (product: ProductDocument | undefined) => product?.qualifications[0]?.listingDate;

cases('numbers and units of small lists', () => {
  it.each(['thousands-us-read-as-decimal', 'thousands-de-read-as-decimal'])(
    '%s: what may be a thousand is for review, and never 1.2',
    async (name) => {
      const found = await run(name);
      expect(outcomesOf(found)).toEqual(['needsReview', 'accepted']);
      expect(saidOf(found, 1)).toMatch(/may be 1200 or 1\.200/);
      expect(energy(found.products['Grid-1200'])).toMatchObject({ state: 'unparsed' });
      expect(power(found.products['Grid-1200'])).toMatchObject({ value: '600' });
      expect(energy(found.products['Grid-240'])).toMatchObject({ value: '240' });
    },
  );

  it('thousands-space-nbsp: spaces stand between thousands', async () => {
    const found = await run('thousands-space-nbsp');
    expect(outcomesOf(found)).toEqual(['accepted', 'accepted']);
    expect(energy(found.products['Grid-10237'])).toMatchObject({ value: '10237.65', unit: 'kWh' });
    expect(power(found.products['Grid-10237'])).toMatchObject({ value: '5000', unit: 'kW' });
  });

  it('raw-floats-of-xlsx: the shortest decimal, with what was written', async () => {
    const found = await run('raw-floats-of-xlsx');
    expect(energy(found.products['RF-1'])?.value).toBe('8.2');
    expect(power(found.products['RF-1'])?.value).toBe('2.3');
    expect(writtenOf(found)).toMatchObject({
      EnergyCapacityNominal: '8.1999999999999993',
      PowerDCContinuousMax: '2.2999999999999998',
    });
    expect(outcomesOf(found)).toEqual(['accepted']);
  });

  it('no-unit-values-in-wh: the unit is not guessed', async () => {
    const found = await run('no-unit-values-in-wh');
    expect(outcomesOf(found)).toEqual(['needsReview']);
    expect(saidOf(found, 1)).toMatch(
      /the unit is not stated, and the values are not plausible in kWh/,
    );
    expect(energy(found.products['NU-1'])).toMatchObject({ state: 'unparsed', raw: '5120' });
  });

  it('units-in-cec-second-header-row: converts, with what was written', async () => {
    const found = await run('units-in-cec-second-header-row');
    expect(outcomesOf(found)).toEqual(['accepted']);
    expect(energy(found.products['WH-1'])).toMatchObject({ value: '5.12', unit: 'kWh' });
    expect(power(found.products['WH-1'])).toMatchObject({ value: '2.5', unit: 'kW' });
    expect(writtenOf(found)).toMatchObject({
      EnergyCapacityNominal: '5120 Wh',
      PowerDCContinuousMax: '2500 W',
    });
  });

  it('official-two-row-header-loses-certification: keeps it, with its date and edition', async () => {
    const found = await run('official-two-row-header-loses-certification');
    expect(outcomesOf(found)).toEqual(['accepted']);
    expect(found.products['CE-1']?.certifications).toMatchObject([
      { agency: 'CSA Group', certificateDate: '2025-03-01', edition: 'Ed. 3 : 2022' },
    ]);
    expect(energy(found.products['CE-1'])).toMatchObject({ value: '5.12', unit: 'kWh' });
  });

  it('a row of units below the header converts, with what was written', async () => {
    const titles = sharedCase('no-unit-values-in-wh.csv').toString().split('\n');
    const units = `${titles[0] ?? ''}\n,,,(Wh),(W),\n${(titles[1] ?? '').replace('NU-1', 'NU-2')}\n`;
    const found = await importCase(bench, units);
    expect(outcomesOf(found)).toEqual(['accepted']);
    expect(energy(found.products['NU-2'])).toMatchObject({ value: '5.12', unit: 'kWh' });
    expect(power(found.products['NU-2'])).toMatchObject({ value: '2.5', unit: 'kW' });
    expect(writtenOf(found)).toMatchObject({
      EnergyCapacityNominal: '5120 Wh',
      PowerDCContinuousMax: '2500 W',
    });
  });

  it('swapped-kwh-and-kw: is taken in with a warning', async () => {
    const found = await run('swapped-kwh-and-kw');
    expect(outcomesOf(found)).toEqual(['accepted']);
    expect(saidOf(found, 1)).toMatch(/energy-and-power-swapped, version 1/);
    expect(energy(found.products['SW-1'])?.value).toBe('5');
  });
});

cases('dates of small lists', () => {
  it('dates-day-first-slashes: one date of the column settles the others', async () => {
    const { products, ...found } = await run('dates-day-first-slashes');
    expect(['DF-1', 'DF-2', 'DF-3'].map((model) => listedOn(products[model]))).toEqual([
      '2025-04-03',
      '2025-03-28',
      '2024-11-12',
    ]);
    expect(found.rows.flatMap(({ problems = [] }) => problems)).toEqual([]);
  });

  it('a column that settles nothing is for review', async () => {
    const list = sharedCase('dates-day-first-slashes.csv').toString().split('\n');
    const found = await importCase(
      bench,
      `${list.slice(0, 2).join('\n').replace('DF-1', 'DF-9')}\n`,
    );
    expect(outcomesOf(found)).toEqual(['needsReview']);
    expect(saidOf(found, 1)).toMatch(/may be 2025-03-04 or 2025-04-03/);
    expect(listedOn(found.products['DF-9'])).toBeNull();
  });

  it('dates-excel-serial: a serial number is read, and noted', async () => {
    const found = await run('dates-excel-serial');
    expect([outcomesOf(found), listedOn(found.products['ES-1'])]).toEqual([
      ['accepted'],
      '2025-03-11',
    ]);
    expect(saidOf(found, 1)).toMatch(/serial number/);
  });

  it('one-odd-optional-date-loses-row: it costs the cell', async () => {
    const found = await run('one-odd-optional-date-loses-row');
    expect(outcomesOf(found)).toEqual(['accepted', 'accepted']);
    for (const [index, model] of ['OD-1', 'OD-2'].entries()) {
      expect(found.products[model]?.qualifications[0]?.lastUpdate).toBeNull();
      expect(saidOf(found, index + 1)).toMatch(/placeholder/);
    }
  });
});

cases('what is no fact in small lists', () => {
  it('na-tokens: placeholders are no facts, no makers and no models', async () => {
    const found = await run('na-tokens');
    expect(outcomesOf(found)).toEqual([
      'accepted',
      'rejected',
      'rejected',
      'needsReview',
      'accepted',
    ]);
    expect(Object.keys(found.products).sort()).toEqual(['NA-1', 'NA-3', 'NA-4']);
    for (const product of Object.values(found.products)) expect(product.certifications).toEqual([]);
    expect(found.products['NA-1']?.qualifications[0]?.notes).toBeNull();
    expect(energy(found.products['NA-3'])).toBeUndefined();
    expect((await bench.events('manufacturer')).map(({ data }) => data['name'])).not.toContain(
      '#REF!',
    );
  });

  it('excel-text-guards: are taken off, and kept as written', async () => {
    const found = await run('excel-text-guards');
    expect(outcomesOf(found)).toEqual(['accepted', 'unchanged']);
    expect(Object.keys(found.products)).toEqual(['00123']);
    expect(found.products['00123']?.qualifications[0]?.remarks['ModelAsWritten']).toBe('="00123"');
    expect(found.rows[1]?.problems?.[0]).toMatchObject({ raw: "'00123" });
  });

  it('formula-in-cells: are kept as written', async () => {
    const found = await run('formula-in-cells');
    expect(outcomesOf(found)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    expect(Object.keys(found.products).sort()).toEqual([
      '-5V-PACK',
      '=1+1',
      '@SUM(A1)',
      'A "quoted", one',
    ]);
    expect(found.products['=1+1']?.elements['Description']?.value).toBe("=cmd|' /C calc'!A0");
    expect(found.products['A "quoted", one']?.elements['Description']?.value).toBe(
      'line 1\nline 2; semi',
    );
  });

  it('exact-and-conflicting-duplicates: one is repeated, and of two that differ both are shown', async () => {
    const found = await run('exact-and-conflicting-duplicates');
    expect(outcomesOf(found)).toEqual(['accepted', 'unchanged', 'accepted', 'needsReview']);
    expect(energy(found.products['DUP-2'])?.value).toBe('5.1');
    expect(saidOf(found, 4)).toContain('is 7.7 kWh here and 5.1 kWh in row 3');
    expect(found.rows[3]?.productId).toBe(found.products['DUP-2']?.id);
  });

  it('cleaned-spelling-keeps-stale-remark: a clean spelling takes the former one back', async () => {
    const before = await run('cleaned-spelling-keeps-stale-remark.1');
    expect(before.products['SR-1']?.qualifications[0]?.remarks).toHaveProperty('ModelAsWritten');
    const after = await run('cleaned-spelling-keeps-stale-remark.2');
    expect(Object.keys(after.products)).toEqual(['SR-1']);
    expect(after.products['SR-1']?.id).toBe(before.products['SR-1']?.id);
    expect(after.products['SR-1']?.qualifications[0]?.remarks).toEqual({});
  });
});

cases('damaged text in small lists', () => {
  it('mojibake-and-question-marks: one product, and the damaged rows beside it', async () => {
    const found = await run('mojibake-and-question-marks');
    expect(outcomesOf(found)).toEqual(['accepted', 'needsReview', 'needsReview']);
    expect(Object.keys(found.products)).toEqual(['V5°α']);
    const { id = '', code } = found.products['V5°α'] ?? {};
    for (const row of [2, 3]) {
      expect(saidOf(found, row)).toContain(`looks like row 1, "V5°α" (${String(code)}, ${id})`);
    }
  });

  it('models-in-scientific-notation: none is registered', async () => {
    const found = await run('models-in-scientific-notation');
    expect(outcomesOf(found)).toEqual(['needsReview', 'needsReview', 'needsReview']);
    expect(saidOf(found, 1)).toBe('looks like a number that a spreadsheet shortened');
    expect(found.products).toEqual({});
  });

  it('same-model-en-dash-and-case: one product, and no other code', async () => {
    const found = await run('same-model-en-dash-and-case');
    expect(Object.keys(found.products)).toEqual(['PB-100-A']);
    const review = 'needsReview';
    expect(outcomesOf(found)).toEqual([
      'accepted',
      ...[review, review, review, 'unchanged', 'unchanged', review],
    ]);
    const { id = '' } = found.products['PB-100-A'] ?? {};
    for (const row of [2, 3, 4, 7]) expect(saidOf(found, row)).toContain(id);
    expect(saidOf(found, 7)).toContain('U+0420');
  });
});

describe('a model that looks like one of an earlier list', () => {
  const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
  const list = (...models: string[]) =>
    `${header}\n${models.map((model) => `Earlier Cells,${model},LFP,1,1\n`).join('')}`;

  it('waits for review beside it, and is taken once somebody registered it as one of its own', async () => {
    const { products } = await importCase(bench, list('QX-7/a', 'Ω-1', 'Zoë 5'));
    const later = await importCase(bench, list('qx–7/A', 'QX-7/b', 'Zo? 5', 'QX-7/a', 'Zoё 5'));
    expect(outcomesOf(later)).toEqual([
      'needsReview',
      'accepted',
      'needsReview',
      'unchanged',
      'accepted',
    ]);
    const { id = '', code } = products['QX-7/a'] ?? {};
    expect(saidOf(later, 1)).toBe(
      `looks like "QX-7/a" (${String(code)}, ${id}), and is written differently`,
    );
    expect(saidOf(later, 3)).toContain(products['Zoë 5']?.id);
    expect(Object.keys(later.products)).not.toContain('qx–7/A');
    const own = await makeProduct(bench.tools.registry, 'Earlier Cells', 'qx–7/A');
    const again = await importCase(bench, list('QX-7/a', 'qx–7/A'));
    expect(outcomesOf(again)).toEqual(['unchanged', 'accepted']);
    expect(again.rows[1]?.productId).toBe(own.id);
  });
});
