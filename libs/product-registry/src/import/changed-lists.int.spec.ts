import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';
import { commandMeta } from '#testing/decider-spec.js';

import { SetElements } from '../product/commands.js';
import {
  type CaseRun,
  hasSharedCases,
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

const cases = hasSharedCases
  ? describe
  : (name: string, tests: () => void) => {
      describe.skip(`${name} (../shared/cases/registry is absent)`, tests);
    };

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
});
