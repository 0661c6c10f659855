import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import type { CyclerRecord } from '#cycling/record.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

export type Body = Readonly<Record<string, unknown>>;

export interface Cycle {
  readonly cycle: number;
  readonly chargeAh: number;
  readonly dischargeAh: number;
  readonly chargeWh: number;
  readonly dischargeWh: number;
  readonly partial: readonly string[];
}

/** A whole system, as a lab that imports its history has it. */
export class ImportingLab {
  private made = 0;

  private constructor(
    readonly standalone: TestStandalone,
    readonly folder: string,
  ) {}

  static async start(more: Readonly<Record<string, string>> = {}): Promise<ImportingLab> {
    const folder = mkdtempSync(join(tmpdir(), 'voltrace-imports-'));
    // PostgreSQL may run as somebody else.
    chmodSync(folder, 0o711);
    const env = { RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000', ...more };
    return new ImportingLab(
      await TestStandalone.start({ dataDir: join(folder, 'data'), env }),
      folder,
    );
  }

  async stop(): Promise<void> {
    await this.standalone.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  ctl(...args: string[]): Promise<CommandResult> {
    return runCtl(this.standalone.dataDir, args);
  }

  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: Body }> {
    const answer = await this.standalone.fetch(path, init);
    return { status: answer.status, body: (await answer.json()) as Body };
  }

  post(path: string, json: object): Promise<{ status: number; body: Body }> {
    const headers = { 'content-type': 'application/json' };
    return this.ask(path, { method: 'POST', body: JSON.stringify(json), headers });
  }

  async newBattery(nominalCapacityAh = 1.1): Promise<string> {
    this.made += 1;
    const { body } = await this.post('/v1/batteries', {
      ...{ name: 'cell', manufacturer: 'Voltrace', model: 'ruler' },
      ...{ serialNumber: `B${String(this.made)}`, technology: 'lithium', chemistry: 'NMC' },
      ...{ nominalCapacityAh, cellsInSeries: 1 },
      limits: {
        ...{ voltageV: { min: 2, max: 4.3 }, currentA: { min: -6, max: 6 } },
        temperatureC: { min: 0, max: 60 },
      },
    });
    return String(body['id']);
  }

  async send(content: string | Buffer, name: string, query = '') {
    return this.ask(`/v1/cycler-files?name=${encodeURIComponent(name)}${query}`, {
      method: 'POST',
      body: new Blob([content]),
      headers: { 'content-type': 'text/csv' },
    });
  }

  /** Sends files and requests their import; answers the problem where one is refused. */
  async request(paths: readonly string[], more: object = {}) {
    const files = [];
    for (const path of paths) {
      const sent = await this.send(await readFile(path), basename(path));
      if (sent.status !== 200) return sent;
      files.push({ name: basename(path), sha256: sent.body['sha256'] });
    }
    const batteryId = await this.newBattery();
    return this.post('/v1/experiments/import', { name: 'imported', batteryId, files, ...more });
  }

  /** The experiment, when its import has come to its end. */
  async imported(id: unknown): Promise<Body> {
    let found: Body = {};
    await until(
      'the import has ended',
      async () => {
        found = (await this.ask(`/v1/experiments/${String(id)}`)).body;
        return found['status'] === 'imported' || found['status'] === 'failed';
      },
      60_000,
    );
    return found;
  }

  /** The cycles of an imported experiment, when all of its records are in them. */
  async cycles(id: unknown): Promise<readonly Cycle[]> {
    const path = `/v1/experiments/${String(id)}`;
    const [newest] = (await this.items(`${path}/history`)).slice(-1);
    const after = String(newest?.['position']);
    await until(
      'they are computed',
      async () => (await this.ask(`${path}/cycles?after=${after}`)).status === 200,
      120_000,
    );
    return this.items<Cycle>(`${path}/cycles`, { after });
  }

  async items<T = Body>(path: string, more: Readonly<Record<string, string>> = {}) {
    const found: T[] = [];
    let cursor: unknown = null;
    do {
      const query = new URLSearchParams({ limit: '1000', ...more });
      if (typeof cursor === 'string') query.set('cursor', cursor);
      const { body, status } = await this.ask(`${path}?${query.toString()}`);
      if (status !== 200) throw new Error(JSON.stringify(body));
      found.push(...(body['items'] as T[]));
      cursor = body['nextCursor'];
    } while (typeof cursor === 'string');
    return found as readonly T[];
  }

  /** The records of an experiment, as a file of a cycler has them. */
  async records(id: unknown): Promise<readonly CyclerRecord[]> {
    const records = await this.items(`/v1/experiments/${String(id)}/records`);
    return records.map(({ at, channels: _, ...record }) => {
      const known = Object.entries(record).filter(([, value]) => value !== null);
      return {
        ...Object.fromEntries(known),
        utcMs: Date.parse(String(at)),
      } as unknown as CyclerRecord;
    });
  }

  /** The chunks of an experiment in the order of the log. */
  async chunks(id: unknown): Promise<readonly Body[]> {
    const text = await (await this.standalone.fetch('/v1/events?category=cyclerSamples')).text();
    return text
      .split('\n')
      .filter((line) => line.includes(`cyclerSamples-${String(id)}`))
      .map((line) => (JSON.parse(line) as { data: Body }).data);
  }
}
