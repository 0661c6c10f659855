import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';
import { commandMeta } from '#testing/decider-spec.js';

import { SetElements } from '../product/commands.js';
import {
  type CaseRun,
  cases,
  importCase,
  outcomesOf,
  saidOf,
  sharedCase,
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

cases('a list after another one', () => {
  it('curator-value-freezes-row: all but the curator’s value is taken', async () => {
    const before = await run('curator-value-freezes-row.1');
    const { id = '' } = before.products['CV-1'] ?? {};
    const { log, registry } = bench.tools;
    const elements = { EnergyCapacityNominal: { value: '5.15', unit: 'kWh' } };
    await handleCommand(
      log,
      registry.products,
      id,
      new SetElements(id, { elements }, commandMeta()),
    );
    const after = await run('curator-value-freezes-row.2');
    expect(outcomesOf(after)).toEqual(['needsReview']);
    expect(saidOf(after, 1)).toBe('the list says 5.2 kWh; a curator set 5.15 kWh');
    expect(after.rows[0]).toMatchObject({ productId: id, problems: [{ raw: '5.2' }] });
    const product = after.products['CV-1'];
    expect(product?.elements).toMatchObject({
      EnergyCapacityNominal: { value: '5.15' },
      PowerDCContinuousMax: { value: '2.6' },
    });
    expect(product?.certifications).toMatchObject([
      { agency: 'UL', supersededBy: product?.certifications[1]?.id },
      { agency: 'CSA Group', certificateDate: '2025-06-06', supersededBy: null },
    ]);
    expect(product?.qualifications[0]?.lastUpdate).toBe('2025-06-21');
  });

  it('edition-column-added: one certificate, completed', async () => {
    await run('edition-column-added.1-without');
    const { products, events, ...after } = await run('edition-column-added.2-with');
    expect(outcomesOf({ products, events, ...after })).toEqual(['accepted']);
    expect(products['ED-1']?.certifications).toMatchObject([
      { certificateDate: '2023-05-05', edition: 'Ed. 3 : 2022', supersededBy: null },
    ]);
    expect(events.map(({ type }) => type)).not.toContain('CertificationSuperseded');
  });

  it('older-after-newer: without dates, neither certificate nor update date goes back', async () => {
    await run('older-after-newer.1-new');
    const after = await run('older-after-newer.2-old');
    expect(outcomesOf(after)).toEqual(['needsReview']);
    expect(saidOf(after, 1)).toContain('an update date does not go back');
    const product = after.products['ON-1'];
    const inForce = product?.certifications.filter(({ supersededBy }) => supersededBy === null);
    expect(inForce).toMatchObject([{ certificateDate: '2023-11-07' }]);
    expect(product?.qualifications[0]?.lastUpdate).toBe('2025-12-11');
  });

  it('older-after-newer: of dated lists the older one changes nothing, and is on record', async () => {
    const named = (name: string) => sharedCase(`${name}.csv`).toString().replaceAll('ON-1', 'ON-2');
    const newer = await importCase(bench, named('older-after-newer.1-new'), '2026-02-11');
    expect(outcomesOf(newer)).toEqual(['accepted']);
    const older = await importCase(bench, named('older-after-newer.2-old'), '2025-06-10');
    expect(outcomesOf(older)).toEqual(['unchanged']);
    expect(saidOf(older, 1)).toBe(
      'changes nothing: the list of 2026-02-11 named the product, and this one is of 2025-06-10',
    );
    expect(older.events).toEqual([]);
  });
});

describe('lists of several dates', () => {
  const header =
    'Manufacturer,Model Number,Technology,Certifying Entity,Certificate Date,Capacity (kWh),Discharge Rate (kW)';
  const list = (model: string, capacity: string, certifier = 'UL,5/5/2023') =>
    `${header}\nDated Cells,${model},Lithium Ion,${certifier},${capacity},1\n`;
  const capacityOf = (found: CaseRun, model: string) =>
    found.products[model]?.elements['EnergyCapacityNominal']?.value;

  it('keep their order where a newer one only repeated what was known', async () => {
    await importCase(bench, list('D-1', '5'), '2025-06-10');
    const again = await importCase(bench, `${list('D-1', '5')}\n`, '2026-02-11');
    expect(outcomesOf(again)).toEqual(['unchanged']);
    expect(again.events.at(-1)).toMatchObject({
      type: 'ListRepeated',
      data: { list: 'cec-batteries', asOf: '2026-02-11' },
    });
    const between = await importCase(bench, list('D-1', '6'), '2025-10-01');
    expect(outcomesOf(between)).toEqual(['unchanged']);
    const next = await importCase(bench, list('D-1', '7'), '2026-03-01');
    expect([outcomesOf(next), capacityOf(next, 'D-1')]).toEqual([['accepted'], '7']);
  });

  it('come after facts of lists that had no date', async () => {
    await importCase(bench, list('D-2', '5'));
    const first = await importCase(bench, list('D-2', '6'), '2020-01-01');
    expect([outcomesOf(first), capacityOf(first, 'D-2')]).toEqual([['accepted'], '6']);
  });

  it('are told by what stands above their header, where nobody else says them', async () => {
    const titled = `"Battery List, last updated February 11, 2026",,,,,,\n${list('D-4', '5')}`;
    await importCase(bench, titled);
    const older = await importCase(bench, list('D-4', '6'), '2025-06-10');
    expect(saidOf(older, 1)).toContain('the list of 2026-02-11 named the product');
    const stated = await importCase(bench, titled.replace(',5,', ',7,'), '2026-04-01');
    expect(stated.events.at(-1)?.data).toMatchObject({ asOf: '2026-04-01' });
  });

  it('say so where one no longer names a certification, and take the rest', async () => {
    await importCase(bench, list('D-3', '5'), '2025-06-10');
    const gone = await importCase(bench, list('D-3', '6', ','), '2026-02-11');
    expect([outcomesOf(gone), capacityOf(gone, 'D-3')]).toEqual([['accepted'], '6']);
    expect(saidOf(gone, 1)).toBe('the list no longer names a certification that it named');
    expect(gone.products['D-3']?.certifications).toMatchObject([
      { agency: 'UL', supersededBy: null, withdrawnBy: 'cec-batteries' },
    ]);
  });
});
