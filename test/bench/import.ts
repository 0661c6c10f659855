import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { generateBatteryList } from '#product-registry/import/testing/generate-battery-list.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';

import { type CpuColumn, printCpu } from './command/cpu-table.js';
import { followersRest, newPosition } from './command/followers.js';
import { isForeign, SystemCpu } from './command/system-cpu.js';
import { type Row, rssMiB } from './report.js';

const rows = 18_000;
const wantedSeconds = 30;

/** A generated list of 18,000 rows, from the upload until the catalog shows all; memory of the API meanwhile. */
export const benchImport = async (dist: string): Promise<Row[]> => {
  const voltrace = await startVoltrace({ dist });
  const system = await SystemCpu.of(voltrace, databaseUrlOf(voltrace.dataDir));
  try {
    const file = join(voltrace.dataDir, 'list.csv');
    writeFileSync(file, [...generateBatteryList({ rows, seed: 7 })].join(''));
    const memory = new MemoryOfApi(voltrace);
    let seconds = NaN;
    const { cpu } = await system.during(async () => {
      seconds = await importSeconds(voltrace, file);
      await memory.stop();
      await followersRest(voltrace);
    });
    printCpu('CPU, ms per row', [
      {
        title: 'import',
        ms: new Map(
          [...cpu]
            .filter(([part]) => !isForeign(part))
            .map(([part, taken]) => [part, (taken * 1_000) / rows]),
        ),
      } satisfies CpuColumn,
    ]);
    const growth = memory.at(1) / memory.at(0.25);
    const shown = [0.25, 0.5, 1].map((share) => memory.at(share).toFixed(0));
    return [
      {
        path: 'import of 18,000 rows to projected',
        measured: `${seconds.toFixed(1)} s, ${(rows / seconds).toFixed(0)} rows/s`,
        target: `< ${String(wantedSeconds)} s`,
        met: seconds < wantedSeconds,
      },
      {
        path: 'import: memory of the API from 25 to 100 %',
        measured: `${shown.join(' / ')} MiB at 25, 50, 100 %`,
        ratio: growth,
        target: '<= 1.25',
        met: growth <= 1.25,
      },
    ];
  } finally {
    await system.close();
    await voltrace.remove();
  }
};

const importSeconds = async ({ api }: Voltrace, file: string): Promise<number> => {
  const began = performance.now();
  const id = await api.importFile('products', file);
  const ended = await api.importEnded(id, 300_000);
  const counts = ended.body['rows'] as Record<string, number>;
  if (ended.body['state'] !== 'completed' || counts['accepted'] !== rows) {
    throw new Error(`the import of the bench went wrong: ${ended.text}`);
  }
  // The newest event of all comes after those of the import: who shows it shows them.
  const shown = await api.persist(`/v1/products?limit=1&after=${await newPosition(api)}`);
  if (shown.status !== 200) throw new Error(`the catalog does not catch up: ${shown.text}`);
  return (performance.now() - began) / 1000;
};

/** Memory of the API twice a second. */
class MemoryOfApi {
  private readonly taken: number[] = [];
  private readonly done = new AbortController();
  private readonly watching: Promise<void>;

  constructor(private readonly voltrace: Voltrace) {
    this.watching = this.watch();
  }

  /** After a share of the time. */
  at(share: number): number {
    const { taken } = this;
    return taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0;
  }

  async stop(): Promise<void> {
    this.done.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    while (!this.done.signal.aborted) {
      const api = this.voltrace.children().find(({ name }) => name === 'api');
      if (api) this.taken.push(await rssMiB(api.pid));
      await sleep(500);
    }
  }
}
