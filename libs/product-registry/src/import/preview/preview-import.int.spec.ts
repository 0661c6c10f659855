import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectCsvFile } from '#csv/csv-file.js';
import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { until } from '#testing/until.js';

import type { ImportKind } from '../events.js';
import { Imports } from '../imports.js';
import { cecBatteries } from '../layouts/cec-batteries.js';
import { runImport } from '../run/run-import.js';
import { acceptedCountsOf, countsOf } from '../state.js';
import { ImportBench } from '../testing/import-bench.js';
import { previewImport } from './preview-import.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
/** So many rows take minutes to look up. */
const long = `${header}\n${Array.from({ length: 100_000 }, (_, n) => `Maker ${String(n)},P-${String(n)},LFP,1,1\n`).join('')}`;
const options = { kind: 'products', issueCodes: true, file: null } as const;
const nobodyGone = new AbortController().signal;

let bench: ImportBench;
let imports: Imports;
beforeAll(async () => {
  bench = await ImportBench.start();
  const observer = new CommandObserver(
    Logger.create({ app: 'test', level: 'silent' }),
    new Metrics({ processMetrics: false }),
  );
  imports = new Imports(bench.tools, bench.queue, observer);
});
afterAll(async () => {
  await bench.stop();
});

const body = (content: string) => new Blob([content]).stream();

const preview = (content: string, kind: ImportKind = 'products') =>
  imports.preview(body(content), { ...options, kind }, { key: 'own', gone: nobodyGone });

describe('a preview', () => {
  it('says of each row what the run then does, and changes nothing', async () => {
    const first = await bench.receive(
      `${header}\nKnown Maker,K1,LFP,1,1\nKnown Maker,K2,LFP,1,1\n`,
    );
    await runImport(bench.tools, first, 'a', nobodyGone);
    const content = [
      header,
      'Known Maker,K1,LFP,1,1',
      'Known Maker,K2,LFP,2,1',
      'New Maker,N1,LFP,1,1',
      'New Maker,N2,Unobtainium,1,1',
      'New Maker,N1,LFP,1,1',
      'New Maker,N3,LFP,one,1',
      '!!,N4,LFP,1,1\n',
    ].join('\n');
    const before = await bench.events('product', 'manufacturer', 'key', 'import');
    const found = await preview(content);
    expect(await bench.events('product', 'manufacturer', 'key', 'import')).toEqual(before);
    expect(found.changes).toMatchObject([
      { row: 2, name: 'Known Maker K2', from: '1', to: '2' },
      { row: 3, id: null, path: '', from: null, to: { code: 'NEWMA-N1' } },
      { row: 4, id: null, path: '', from: null, to: { code: 'NEWMA-N2' } },
      { row: 7, id: null, path: '', from: null, to: { code: null } },
    ]);
    expect(found.changes[0]?.path).toBe('/elements/EnergyCapacityNominal/value');
    const unregistered = found.problems.map(({ productId }) => productId);
    expect(unregistered).toEqual([undefined, undefined, undefined, undefined]);

    const id = await bench.receive(content);
    await runImport(bench.tools, id, 'a', nobodyGone);
    const state = await bench.state(id);
    const { outcomes } = state;
    expect(found.rows).toEqual({ total: 7, ...countsOf(state), ...acceptedCountsOf(state) });
    expect(found.problems.map(({ row, outcome }) => [row, outcomes[outcome].has(row)])).toEqual([
      [4, true],
      [5, true],
      [6, true],
      [7, true],
    ]);
  });

  it('says of a list of manufacturers what is new and what changes', async () => {
    const codes = (...rows: string[]) =>
      `EntityCode,ProdMfr_Value__cleaned,ProdMfr_Value__cec\n${rows.join('\n')}\n`;
    const id = await bench.receive(codes('OLDER,Older,Older'), { kind: 'manufacturers' });
    await runImport(bench.tools, id, 'a', nobodyGone);
    const found = await preview(
      codes('OLDST,Older,Oldest', 'YOUNG,Younger,Youngest'),
      'manufacturers',
    );
    const older = found.changes[0]?.id;
    expect(older).toEqual(expect.any(String));
    expect(found).toMatchObject({
      rows: { total: 2, accepted: 2 },
      changes: [
        { row: 1, id: older, name: 'Older', path: '/aliases', from: [], to: ['Oldest'] },
        { row: 1, id: older, name: 'Older', path: '/code', from: 'OLDER', to: 'OLDST' },
        {
          row: 2,
          id: null,
          name: 'Younger',
          path: '',
          from: null,
          to: { name: 'Younger', aliases: ['Youngest'], code: 'YOUNG' },
        },
      ],
    });
  });

  it('ends when nobody waits for it any more, and makes room for another one', async () => {
    const gone = new AbortController();
    const outcomes = Promise.allSettled([
      imports.preview(body(long), options, { key: 'first', gone: gone.signal }),
      imports.preview(body(long), options, { key: 'second', gone: gone.signal }),
    ]);
    const another = (content: string) =>
      imports.preview(body(content), options, { key: 'third', gone: nobodyGone }).then(
        ({ rows }) => rows.accepted,
        (error: unknown) => (error as { code?: string }).code,
      );
    // What is no text is refused before it counts as a preview.
    await until('both are being made', async () => (await another('%PDF')) === 'PREVIEWS_BUSY');
    gone.abort(new Error('gone'));
    expect(await outcomes).toEqual([
      expect.objectContaining({ status: 'rejected', reason: new Error('gone') }),
      expect.objectContaining({ status: 'rejected', reason: new Error('gone') }),
    ]);
    expect(await another(`${header}\nSmall Maker,1,LFP,1,1\n`)).toBe(1);
  });

  it('answers what it found where judging every row takes too long', async () => {
    const { files, registry } = bench.tools;
    const { path } = await files.spool(body(long));
    const began = performance.now();
    await inspectCsvFile(path, [cecBatteries]);
    // Judging a row takes many times as long as reading it, here and on a slower machine.
    const withinMs = Math.ceil((performance.now() - began) * 4) + 1_000;
    const cut = await previewImport(registry, path, { ...options, gone: nobodyGone, withinMs });
    const { total, accepted } = cut.rows;
    expect([cut.complete, total]).toEqual([false, 100_000]);
    expect(accepted).toBeLessThan(100_000);
  });

  it('is refused where even reading the file takes too long', async () => {
    const { files, registry } = bench.tools;
    const { path } = await files.spool(body(long));
    await expect(
      previewImport(registry, path, { ...options, gone: nobodyGone, withinMs: 1 }),
    ).rejects.toMatchObject({ code: 'PREVIEW_TOO_LONG', kind: 'unprocessable' });
  });
});
