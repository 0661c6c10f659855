import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';

import { resolveManufacturer } from '../manufacturer/resolve-manufacturer.js';
import {
  PublishListing,
  RecordCertification,
  ResolveListConflict,
  SetElements,
} from '../product/commands.js';
import { newMeta } from '../testing/make.js';
import { acceptProposal, declineProposal } from './decide-proposal.js';
import type { RowOutcome } from './events.js';
import { previewImport } from './preview/preview-import.js';
import {
  type CaseRun,
  cases,
  importCase,
  outcomesOf,
  retryCase,
  saidOf,
  sharedCase,
} from './testing/case-run.js';
import { ImportBench } from './testing/import-bench.js';

// Without a read model: what the log and the file alone tell.

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const list = 'cec-batteries';
const header =
  'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW),UL 1973 Certifying Entity,UL 1973 Certificate Date,Notes';
const csv = (...rows: readonly string[]) => `${header}\n${rows.join('\n')}\n`;

const decided = ({ rows }: CaseRun, row: number) => {
  const { productId = '', about, proposal } = rows[row - 1] ?? ({} as RowOutcome);
  if (!about || !proposal) throw new Error(`row ${String(row)} proposes nothing`);
  return { productId, about, proposal, list, asOf: null, issueCodes: true };
};
const accept = (run: CaseRun, row: number) =>
  acceptProposal(bench.tools.registry, decided(run, row), newMeta());
const decline = (run: CaseRun, row: number) =>
  declineProposal(bench.tools.registry, decided(run, row), newMeta());
const codeOf = async (name: string) =>
  (await resolveManufacturer(bench.another().registry, name))?.state.code;

cases('one manufacturer in several spellings', () => {
  const content = sharedCase('maker-inc-vs-inc-dot.csv');

  it('maker-inc-vs-inc-dot: one maker, one product, and proposals', async () => {
    const found = await importCase(bench, content);
    // The last spelling differs by case alone, and is the same name.
    expect(outcomesOf(found)).toEqual(['accepted', 'needsReview', 'needsReview', 'unchanged']);
    const [first, ...others] = found.rows;
    for (const [index, manufacturer] of ['Case13 Power Inc.', 'Case13 Power, Inc.'].entries()) {
      expect(others[index]).toMatchObject({
        productId: first?.productId,
        about: { manufacturer, model: 'PB-1' },
        proposal: { kind: 'rename', manufacturer: 'Case13 Power Inc', model: 'PB-1' },
      });
      expect(saidOf(found, index + 2)).toBe(
        `"${manufacturer}" "PB-1" seems to be "PB-1" (CASE1-PB_1, ${String(first?.productId)}) of "Case13 Power Inc", written differently`,
      );
      expect(await codeOf(manufacturer)).toBeUndefined();
    }
    expect(Object.keys(found.products)).toEqual(['PB-1']);
  });

  it('previews what it would propose', async () => {
    const { files, registry } = bench.tools;
    const other = content.toString().replaceAll(/case13/gi, 'Case14');
    const spooled = await files.spool(new Blob([other]).stream());
    const { rows, problems } = await previewImport(registry, spooled.path, {
      ...{ kind: 'products', issueCodes: true, gone: new AbortController().signal },
    });
    expect(rows).toMatchObject({ new: 1, needsReview: 2, unchanged: 1 });
    expect(problems[0]?.problems?.[0]?.reason).toBe(
      'looks like the manufacturer of row 1, which names the same model',
    );
  });

  it('are names of one maker where that is accepted, and another maker where it is declined', async () => {
    const found = await importCase(bench, content);
    expect(outcomesOf(found)).toEqual(['unchanged', 'needsReview', 'needsReview', 'unchanged']);
    await decline(found, 2);
    await accept(found, 3);
    const again = await retryCase(bench, found);
    expect(outcomesOf(again)).toEqual(['unchanged', 'accepted', 'unchanged', 'unchanged']);
    expect(again.rows[1]).toMatchObject({ isNew: true });
    expect(again.rows[2]?.productId).toBe(again.rows[0]?.productId);
    expect(saidOf(again, 2)).toContain(
      'manufacturer looks like "Case13 Power Inc" (CASE1), and was registered as another one',
    );
    expect(await codeOf('Case13 Power Inc.')).toBe('CASE11');
    expect(outcomesOf(await importCase(bench, content))).toEqual(Array(4).fill('unchanged'));
  });
});

describe('a manufacturer that looks like an earlier one of its list', () => {
  it('is registered where one of its rows is about a product of its own, with codes in the order of the list', async () => {
    // Many at once: what is first does not hang on which row is done first.
    for (let round = 0; round < 5; round += 1) {
      const name = `${'VWXYZ'.charAt(round)}UROR`;
      const found = await importCase(
        bench,
        csv(
          `${name}a Inc,A-1,LFP,1,1,,,`,
          `${name}a Inc.,A-1,LFP,1,1,,,`,
          `${name}b Power,Z-1,LFP,1,1,,,`,
          `${name}a Inc.,A-2,LFP,1,1,,,`,
          `${name}c Power,Z-1,LFP,2,1,,,`,
          `${name}a Inc.,A-3,LFP,1,1,,,`,
          ...Array.from({ length: 20 }, (_, at) => `${name}d${String(at)} Co,Z-1,LFP,9,1,,,`),
        ),
      );
      const accepted = 'accepted';
      expect(outcomesOf(found)).toEqual([
        ...[accepted, 'needsReview', accepted, accepted, accepted, accepted],
        ...Array<string>(20).fill(accepted),
      ]);
      const codes = ['a Inc', 'b Power', 'a Inc.', 'c Power', 'd0 Co', 'd1 Co'].map((one) =>
        codeOf(`${name}${one}`),
      );
      expect(await Promise.all(codes)).toEqual(
        ['', '1', '2', '3', '4', '5'].map((digit) => `${name}${digit}`),
      );
      expect(saidOf(found, 4)).toContain(`manufacturer looks like "${name}a Inc" (${name})`);
      expect(saidOf(found, 6)).toBe('');
    }
  });
});

describe('a model that is respelled', () => {
  const before = csv('Respelled Cells,RC-7/a,LFP,5,1,,,', 'Respelled Cells,RC-8/a,LFP,5,1,,,');
  const after = csv('Respelled Cells,rc–7/A,LFP,5,1,,,', 'Respelled Cells,rc–8/A,LFP,6,1,,,');

  it('is proposed where its values are equal, and waits in any case', async () => {
    const first = await importCase(bench, before);
    const found = await importCase(bench, after);
    expect(outcomesOf(found)).toEqual(['needsReview', 'needsReview']);
    expect(saidOf(found, 1)).toContain('and is written differently');
    expect(found.rows[0]).toMatchObject({
      productId: first.rows[0]?.productId,
      proposal: { kind: 'rename', manufacturer: 'Respelled Cells', model: 'RC-7/a' },
    });
    expect(found.rows[1]).toMatchObject({ about: { model: 'rc–8/A' } });
    expect(found.rows[1]).not.toHaveProperty('proposal');
    await decline(found, 1);
    const again = await retryCase(bench, found);
    expect(outcomesOf(again)).toEqual(['accepted', 'needsReview']);
    expect(again.rows[0]?.productId).not.toBe(first.rows[0]?.productId);
  });
});

describe('a value that waits', () => {
  it('is said as the list says it, so that a person can take it', async () => {
    const row = (values: string) => csv(`Waiting Cells,WC-1,${values}`);
    const first = await importCase(bench, row('Lithium Iron Phosphate,5,1,UL,3/1/2024,first'));
    const [{ productId: id = '' } = {}] = first.rows;
    const { log, registry } = bench.tools;
    const elements = {
      EnergyCapacityNominal: { value: '7.5', unit: 'kWh' },
      BatteryChemistryType: { value: 'LeadAcid' },
    };
    const listing = { agency: 'CEC', listingDate: null, lastUpdate: null, remarks: {} };
    const certificate = { agency: 'TUV', standard: 'UL1973', edition: null };
    for (const said of [
      new SetElements(id, { elements }, newMeta()),
      new RecordCertification(id, { ...certificate, certificateDate: '2024-05-01' }, newMeta()),
      new PublishListing(id, { ...listing, notes: 'a person’s' }, newMeta()),
    ]) {
      await handleCommand(log, registry.products, id, said);
    }
    const found = await importCase(bench, row('Lithium Ion,6.0,2,UL,3/1/2025,second'));
    expect(outcomesOf(found)).toEqual(['needsReview']);
    const { conflicts = [], about } = found.rows[0] ?? ({} as RowOutcome);
    expect(about).toEqual({ manufacturer: 'Waiting Cells', model: 'WC-1' });
    expect(conflicts.map(({ path }) => path).sort()).toEqual([
      '/certifications/UL1973',
      '/elements/BatteryChemistryType',
      '/elements/EnergyCapacityNominal',
      '/qualifications/CEC/notes',
    ]);
    for (const { path, listed: value } of conflicts) {
      const data = { list, path, decision: 'take' as const, value };
      const command = new ResolveListConflict(id, data, newMeta());
      await handleCommand(log, registry.products, id, command);
    }
    const again = await retryCase(bench, found);
    expect(outcomesOf(again)).toEqual(['unchanged']);
    expect(again.rows[0]).not.toHaveProperty('conflicts');
    const { state } = await bench.another().registry.products.refresh(id);
    expect(state).toMatchObject({
      elements: { EnergyCapacityNominal: { value: { value: '6.0' }, by: 'list' } },
    });
  });
});
