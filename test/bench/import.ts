import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { startVoltrace } from '#test/support/voltrace.js';

import { type Row, rssMiB } from './report.js';

const rows = 18_000;

/** A generated list of 18,000 rows, from the upload to its last durable event; memory of the API meanwhile. */
export const benchImport = async (dist: string): Promise<Row[]> => {
  const voltrace = await startVoltrace({ dist });
  try {
    const file = join(voltrace.dataDir, 'list.csv');
    writeFileSync(file, [...generateBatteryList({ rows, seed: 7 })].join(''));
    const began = performance.now();
    const id = await voltrace.api.importFile('products', file);
    const memory: number[] = [];
    const done = new AbortController();
    const sampling = (async () => {
      while (!done.signal.aborted) {
        const api = voltrace.children().find(({ name }) => name === 'api');
        if (api) memory.push(await rssMiB(api.pid));
        await sleep(500);
      }
    })();
    const ended = await voltrace.api.importEnded(id, 300_000);
    const seconds = (performance.now() - began) / 1000;
    done.abort();
    await sampling;
    const counts = ended.body['rows'] as Record<string, number>;
    if (ended.body['state'] !== 'completed' || counts['accepted'] !== rows) {
      throw new Error(`the import of the bench went wrong: ${ended.text}`);
    }
    const at = (share: number): number =>
      memory[Math.min(memory.length - 1, Math.floor(memory.length * share))] ?? 0;
    const growth = at(1) / at(0.5);
    return [
      {
        path: 'import of 18,000 rows',
        measured: `${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(0)} rows/s`,
        target: '< 60 s',
        met: seconds < 60,
      },
      {
        path: 'import: memory of the API',
        measured: `${at(0.25).toFixed(0)} / ${at(0.5).toFixed(0)} / ${at(1).toFixed(0)} MiB at 25, 50, 100 %`,
        ratio: growth,
        target: 'second half <= 1.25',
        met: growth <= 1.25,
      },
    ];
  } finally {
    await voltrace.remove();
  }
};
