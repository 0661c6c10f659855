import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RowOutcome } from '../events.js';
import { countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { runImport } from './run-import.js';

const never = new AbortController().signal;
const example = join('examples', 'battery-list.csv');
const folder = join(process.env['VOLTRACE_DATA'] ?? '../shared/data', 'product-registry');

const header =
  'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW),Round Trip Efficiency (%)';

let bench: ImportBench;
beforeAll(async () => {
  bench = await ImportBench.start();
});
afterAll(async () => {
  await bench.stop();
});

const outcomes = async (importId: string, on = bench): Promise<readonly RowOutcome[]> => {
  const events = await on.events('import');
  return events
    .filter(({ stream, type }) => stream.endsWith(importId) && type === 'ImportRowsProcessed')
    .flatMap(({ data }) => data['rows'] as readonly RowOutcome[]);
};

const rejected = async (importId: string, on = bench): Promise<readonly RowOutcome[]> =>
  (await outcomes(importId, on)).filter(({ outcome }) => outcome === 'rejected');

describe('a run of the example list', () => {
  let importId = '';
  beforeAll(async () => {
    importId = await bench.receiveFile(example);
    expect(await runImport(bench.tools, importId, 'a', never)).toBe('done');
  });

  it('accounts for every row', async () => {
    const state = await bench.state(importId);
    expect([state.status, state.read?.rows, countsOf(state)]).toEqual([
      'completed',
      13,
      { accepted: 11, unchanged: 0, rejected: 1, needsReview: 1 },
    ]);
  });

  it('says what is wrong with which cell', async () => {
    const rows = await outcomes(importId);
    const problems = (row: number) => rows.find((one) => one.row === row)?.problems;
    expect(problems(5)).toEqual([
      expect.objectContaining({ raw: 'Marrow Bay Hub 12]' }) as unknown,
    ]);
    expect(problems(11)?.[0]).toMatchObject({ column: 'technology', raw: 'Zinc Bromide' });
    expect(problems(12)?.[0]?.raw).toBe('31.02.2025');
    expect(problems(13)?.map(({ column }) => column)).toEqual([
      'model number',
      'nameplate energy capacity',
    ]);
  });

  it('gives every fact its evidence, actor and reason', async () => {
    const facts = await bench.events('product');
    expect(facts.length).toBeGreaterThan(10);
    for (const { metadata } of facts) {
      expect(metadata).toMatchObject({
        actor: { id: 'curator-1' },
        source: 'import',
        reason: 'import of list.csv',
        evidence: { file: 'list.csv', row: expect.any(Number) as unknown },
      });
    }
  });

  it('changes nothing when the file is sent again, and records that it was', async () => {
    const before = await bench.events('product', 'manufacturer', 'key');
    expect(await bench.receiveFile(example)).toBe(importId);
    await runImport(bench.another(), importId, 'b', never);
    expect(await bench.events('product', 'manufacturer', 'key')).toHaveLength(before.length);
    expect(countsOf(await bench.state(importId))).toEqual({
      accepted: 0,
      unchanged: 11,
      rejected: 1,
      needsReview: 1,
    });
    const types = (await bench.events('import')).map(({ type }) => type);
    expect(types).toContain('ImportReceivedAgain');
  });
});

describe('a run', () => {
  it('fails with a reason that names the missing column, and changes nothing', async () => {
    const id = await bench.receive(
      'Manufacturer,Model Number,Chemistry,Capacity (kWh)\nA,B,LFP,1\n',
    );
    await runImport(bench.tools, id, 'a', never);
    expect((await bench.state(id)).status).toBe('failed');
    const failed = (await bench.events('import')).find(({ type }) => type === 'ImportFailed');
    expect(failed?.data).toMatchObject({
      code: 'COLUMN_MISSING',
      reason: expect.stringContaining('"maximum continuous discharge rate"') as unknown,
    });
  });

  it('fails on a quote that never ends before any row is taken', async () => {
    const id = await bench.receive(`${header}\nQuoteless,Q1,LFP,1,1,\n"Quoteless,Q2,LFP,1,1,\n`);
    await runImport(bench.tools, id, 'a', never);
    const state = await bench.state(id);
    expect([state.status, countsOf(state).accepted]).toEqual(['failed', 0]);
  });

  it('takes a product that the file names twice once', async () => {
    const rows = ['Twice,T1,LFP,1,1,', 'Twice,T1,LFP,1,1,', 'Twice,T1,LFP,2,1,'];
    const id = await bench.receive(`${header}\n${rows.join('\n')}\n`);
    await runImport(bench.tools, id, 'a', never);
    const found = [...(await outcomes(id))].sort((a, b) => a.row - b.row);
    expect(found.map(({ outcome }) => outcome)).toEqual(['accepted', 'unchanged', 'needsReview']);
  });

  it('leaves products of makers without a code for review, and gives the code on a later run', async () => {
    const list = `${header}\nCodeless Cells,C1,LFP,1,1,\n`;
    const id = await bench.receive(list, { issueCodes: false });
    await runImport(bench.tools, id, 'a', never);
    expect(countsOf(await bench.state(id)).needsReview).toBe(1);
    const [row] = await outcomes(id);
    expect(row?.problems?.[0]).toMatchObject({
      column: 'manufacturer name',
      reason: expect.stringContaining('no EntityCode') as unknown,
    });
  });

  it('goes on where a killed one left off, and doubles nothing', async () => {
    const lines = Array.from(
      { length: 700 },
      (_, n) => `Maker ${String(n % 7)},K-${String(n)},LFP,1,1,`,
    );
    const id = await bench.receive(`${header}\n${lines.join('\n')}\n`);
    const killed = new AbortController();
    const first = bench.another();
    const dying = runImport(first, id, 'first', killed.signal).catch(() => undefined);
    for (;;) {
      const state = await bench.state(id);
      if (state.done.size >= 200) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    killed.abort(new Error('killed'));
    expect(await runImport(bench.another(), id, 'second', never)).toBe('done');
    await dying;
    expect(await rejected(id)).toEqual([]);
    const state = await bench.state(id);
    expect([state.status, countsOf(state).accepted]).toEqual(['completed', 700]);
    const registered = (await bench.events('product')).filter(
      ({ type, data }) =>
        type === 'ProductRegistered' && (data['model'] as string).startsWith('K-'),
    );
    expect(new Set(registered.map(({ data }) => data['model'])).size).toBe(700);
    expect(registered).toHaveLength(700);
  });

  it('takes over from a runner that is only slow, which then cannot add a row', async () => {
    const lines = Array.from(
      { length: 300 },
      (_, n) => `Slow ${String(n % 3)},S-${String(n)},LFP,1,1,`,
    );
    const id = await bench.receive(`${header}\n${lines.join('\n')}\n`);
    const slow = runImport(bench.another(), id, 'slow', never);
    for (;;) {
      if ((await bench.state(id)).status === 'running') break;
    }
    const ends = await Promise.all([slow, runImport(bench.another(), id, 'fast', never)]);
    expect(await rejected(id)).toEqual([]);
    const state = await bench.state(id);
    expect([state.status, countsOf(state).accepted]).toEqual(['completed', 300]);
    expect(ends).toContain('done');
    const rows = (await outcomes(id)).map(({ row }) => row);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('waits out a store that is away', async () => {
    const lines = Array.from(
      { length: 300 },
      (_, n) => `Away ${String(n % 5)},A-${String(n)},LFP,1,1,`,
    );
    const id = await bench.receive(`${header}\n${lines.join('\n')}\n`);
    const running = runImport(bench.another(), id, 'a', never);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await bench.node.restart();
    expect(await running).toBe('done');
    expect(countsOf(await bench.state(id)).accepted).toBe(300);
  });
});

(existsSync(folder) ? describe : describe.skip)('the published lists', () => {
  // That the newer one alone becomes 863 products of 118 makers is shown end to end.
  it('change one known product’s elements when the next list follows, and add the new ones', async () => {
    const fresh = await ImportBench.start();
    try {
      const older = await readFile(join(folder, 'cec_batteries_2025-06-10.csv'));
      const newer = await readFile(join(folder, 'Battery_List_Data_ADA.2026-02-11.csv'));
      await runImport(fresh.tools, await fresh.receive(older), 'a', never);
      const known = new Set((await fresh.events('product')).map(({ stream }) => stream));
      expect(known.size).toBe(753);
      const id = await fresh.receive(newer);
      await runImport(fresh.tools, id, 'a', never);
      expect(await rejected(id, fresh)).toEqual([]);
      const { sha256 } = (await fresh.state(id)).received;
      const later = (await fresh.events('product')).filter(
        ({ metadata }) => metadata.evidence?.sha256 === sha256,
      );
      const changed = later.filter(
        ({ stream, type }) => known.has(stream) && type.startsWith('Elements'),
      );
      const elements = changed.map(({ data }) => Object.keys(data['elements'] as object).sort());
      expect(elements.filter((names) => names[0] === 'Description')).toEqual([
        ['Description', 'EnergyCapacityNominal', 'PowerDCContinuousMax'],
      ]);
      // Cells that the newer export cut off or split over rows, where the older one says nothing.
      expect(elements.filter((names) => names[0] !== 'Description')).toEqual(
        Array.from({ length: 4 }, () => ['EfficiencyBatteryRoundTrip']),
      );
      const added = later.filter(({ type }) => type === 'ProductRegistered');
      // 195 spellings are new, of which three makers' differ from known ones in case only.
      expect(added).toHaveLength(192);
    } finally {
      await fresh.stop();
    }
  }, 300_000);

  it('become 117 makers with their published codes where those were imported first', async () => {
    const fresh = await ImportBench.start();
    try {
      const codes = await fresh.receiveFile(join(folder, 'EntityCodes.csv'), {
        kind: 'manufacturers',
      });
      await runImport(fresh.tools, codes, 'a', never);
      const state = await fresh.state(codes);
      expect(state.status).toBe('completed');
      expect(await rejected(codes, fresh)).toEqual([]);
      const list = await readFile(join(folder, 'Battery_List_Data_ADA.2026-02-11.csv'));
      await runImport(fresh.tools, await fresh.receive(list), 'a', never);
      const products = (await fresh.events('product')).filter(
        ({ type }) => type === 'ProductRegistered',
      );
      expect(new Set(products.map(({ data }) => data['manufacturerId'])).size).toBe(117);
      expect(new Set(products.map(({ data }) => data['code'])).size).toBe(863);
      expect(Math.max(...products.map(({ data }) => String(data['code']).length))).toBe(42);
      const issued = (await fresh.events('manufacturer')).filter(
        ({ type }) => type === 'EntityCodeIssued',
      );
      expect(new Set(issued.map(({ data }) => data['code'])).size).toBe(361);
    } finally {
      await fresh.stop();
    }
  });
});
