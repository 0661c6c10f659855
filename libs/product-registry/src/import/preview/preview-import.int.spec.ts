import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { CommandObserver } from '#observability/command-observer.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { until } from '#testing/until.js';

import { Imports } from '../imports.js';
import { cecBatteries } from '../layouts/cec-batteries.js';
import { inspectListFile } from '../reading/list-file.js';
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
  const { log, registry, files } = bench.tools;
  const observer = new CommandObserver(
    Logger.create({ app: 'test', level: 'silent' }),
    new Metrics({ processMetrics: false }),
  );
  imports = new Imports({ log, registry, files, work: bench.work, observer });
});
afterAll(async () => {
  await bench.stop();
});

const body = (content: string) => new Blob([content]).stream();

describe('a preview', () => {
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
    await inspectListFile(path, [cecBatteries]);
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
