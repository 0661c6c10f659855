import { randomUUID } from 'node:crypto';

import { LogTail } from '#event-log/log-tail.js';
import { absencesOfImport } from '#projections/imports/import-list.http.js';
import { imports } from '#projections/imports/imports.projection.js';
import { readPage } from '#resource/reading.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';

import type { Absence } from '../events.js';
import { runImport, type RunTools } from '../run/run-import.js';
import type { ReceivedImport } from '../state.js';
import { ImportBench } from './import-bench.js';

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const never = new AbortController().signal;

export interface ImportedAs {
  readonly id: string;
  readonly state: ReceivedImport;
  /** What its newest run found absent. */
  readonly absences: readonly Absence[];
}

/** Imports of lists one after the other, with the read model that earlier ones are found in. For tests. */
export class ListsBench {
  private constructor(
    readonly bench: ImportBench,
    private readonly tail: LogTail,
    private readonly runner: ProjectionRunner,
  ) {}

  static async start(): Promise<ListsBench> {
    const bench = await ImportBench.start();
    const { store, tools } = bench;
    const tail = new LogTail(tools.log);
    await tail.start();
    const runner = new ProjectionRunner([imports], { store, log: tools.log, tail, pollMs: 100 });
    await runner.start();
    return new ListsBench(bench, tail, runner);
  }

  /** What a run works with that compares its list with the one before it. */
  get tools(): RunTools {
    return { ...this.bench.tools, store: this.bench.store };
  }

  /** A list of rows such as `Alder,A-1,LFP,5,2`. */
  receive(rows: readonly string[], asOf?: string): Promise<string> {
    return this.bench.receive(`${[header, ...rows].join('\n')}\n`, { asOf });
  }

  async import(rows: readonly string[], asOf?: string): Promise<ImportedAs> {
    return this.run(await this.receive(rows, asOf));
  }

  async run(id: string, tools: RunTools = this.tools): Promise<ImportedAs> {
    // Steps of one runner are the same commands.
    await runImport(tools, id, randomUUID(), never);
    return this.imported(id);
  }

  async imported(id: string): Promise<ImportedAs> {
    const state = await this.bench.state(id);
    const absences = (await this.bench.events('import'))
      .filter(({ stream, type }) => stream.endsWith(id) && type === 'ImportAbsencesFound')
      .filter(({ data }) => data['run'] === state.absent?.run)
      .flatMap(({ data }) => data['products'] as readonly Absence[]);
    return { id, state, absences };
  }

  /** What the read model has of them. */
  async shown(id: string, kind?: Absence['kind']) {
    const { store, tools } = this.bench;
    const head = await tools.log.head();
    if (head) await waitForPosition(store, imports, head, { timeoutMs: 20_000 });
    const filter = kind === undefined ? {} : { kind };
    const items: Awaited<ReturnType<typeof page>>['items'][number][] = [];
    const page = (cursor?: string) =>
      readPage(store.pool, absencesOfImport(id), { filter, limit: 2, cursor });
    let next: string | undefined;
    do {
      const found = await page(next);
      items.push(...found.items);
      next = found.nextCursor ?? undefined;
    } while (next !== undefined);
    return items;
  }

  async stop(): Promise<void> {
    await this.runner.stop();
    await this.tail.stop();
    await this.bench.stop();
  }
}

/** Such as `gone Alder A-1`. */
export const textsOf = (
  absences: readonly Readonly<Record<'kind' | 'manufacturer' | 'model', string>>[],
): readonly string[] =>
  absences.map(({ kind, manufacturer, model }) => `${kind} ${manufacturer} ${model}`);
