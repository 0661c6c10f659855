import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import type { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import type { ProductRegistry } from '../../registry.js';
import {
  FailImportRun,
  FinishImportRun,
  type ImportCommand,
  NoteImportFile,
  RecordImportRows,
  StartImportRun,
} from '../commands.js';
import type { ImportEvent, ImportKind } from '../events.js';
import type { ImportFiles } from '../import-files.js';
import { inspectListFile, type ListFile, readRows } from '../reading/list-file.js';
import { type ImportState, isToDo, type ReceivedImport } from '../state.js';
import { KeyedQueue } from './keyed-queue.js';
import { OutcomeLog } from './outcome-log.js';
import { patiently } from './patience.js';
import { manufacturerLists } from './plan-manufacturers.js';
import { productLists } from './plan-products.js';
import type { ListKind, PlannedRow } from './planned-row.js';
import type { RunContext } from './row-context.js';
import { requestOf } from './run-request.js';

export type ImportStates = States<ImportState, ImportCommand, ImportEvent>;

export interface RunLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a run works with. */
export interface RunTools {
  readonly log: EventLog;
  readonly imports: ImportStates;
  readonly registry: ProductRegistry;
  readonly files: ImportFiles;
  readonly logger: RunLogger;
}

const listKinds: Readonly<Record<ImportKind, ListKind<RunContext>>> = {
  products: productLists,
  manufacturers: manufacturerLists,
};

/** Rows side by side, and rows between reading and outcome: what bounds the memory of a run. */
const limits = { concurrency: 32, window: 4_000 };

/** Least time between two log lines about one outage. */
const waitLineMs = 30_000;

/** How a run ended, for whoever holds the lease. */
export type RunEnd = 'done' | 'nothing-to-do' | 'not-received' | 'file-missing';

/**
 * Carries out the run that is asked for, from where it stands, under the name `runner`. Store outages
 * are waited out. Rejects when aborted, with `RUNNER_REPLACED` where another runner took over, and
 * with whatever else keeps the file from being read: then the run goes on later.
 */
export const runImport = async (
  tools: RunTools,
  importId: string,
  runner: string,
  signal: AbortSignal,
): Promise<RunEnd> => {
  const run = new ImportRun(tools, importId, runner, signal);
  const state = await run.start();
  if (typeof state === 'string') return state;
  await run.carryOut(state);
  return 'done';
};

class ImportRun {
  private number = 0;
  private steps = 0;
  private toldAt = -Infinity;

  constructor(
    private readonly tools: RunTools,
    private readonly importId: string,
    private readonly runner: string,
    private readonly signal: AbortSignal,
  ) {}

  async start(): Promise<ReceivedImport | Exclude<RunEnd, 'done'>> {
    const { state } = await this.patiently(() => this.tools.imports.refresh(this.importId));
    if (state.status === 'none') return 'not-received';
    if (state.status === 'completed' || state.status === 'failed') return 'nothing-to-do';
    if (!(await this.tools.files.has(state.received.sha256))) return 'file-missing';
    const started = await this.send((meta) => new StartImportRun({ runner: this.runner }, meta));
    this.number = started.run;
    const { importId, runner } = this;
    const fields = { importId, runner, run: started.run, done: started.done.size };
    this.tools.logger.info(fields, 'import run started');
    return started;
  }

  async carryOut(state: ReceivedImport): Promise<void> {
    const { kind, sha256 } = state.received;
    const { layouts } = listKinds[kind];
    let rowsRead = 0;
    try {
      const file = await inspectListFile(this.tools.files.pathOf(sha256), layouts);
      const noted = await this.note(file);
      rowsRead = await this.rows(file, noted);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      await this.fail(error, rowsRead);
      return;
    }
    await this.finish(rowsRead);
  }

  private note(file: ListFile): Promise<ReceivedImport> {
    const { encoding, delimiter, decimalMark, rows, header } = file;
    const read = { layout: header.layout.name, encoding, delimiter, decimalMark, rows };
    const ignoredColumns = header.ignored.slice(0, 100);
    return this.send((meta) => new NoteImportFile({ ...this.own, ...read, ignoredColumns }, meta));
  }

  /** The number of rows that were read. */
  private async rows(file: ListFile, state: ReceivedImport): Promise<number> {
    const planner = listKinds[state.received.kind].planner(file, await this.context(state));
    const queue = new KeyedQueue(limits);
    const outcomes = new OutcomeLog((rows) =>
      this.send((meta) => new RecordImportRows({ ...this.own, rows }, meta)).then(() => undefined),
    );
    let rowsRead = 0;
    for await (const row of readRows(file)) {
      this.signal.throwIfAborted();
      rowsRead += 1;
      if (rowsRead > file.rows) break;
      const planned = planner.plan(row, isToDo(state, row.row));
      if (!planned) continue;
      await queue.add(planned.key, async () => {
        await outcomes.add(await this.carryOutRow(row.row, planned));
      });
    }
    await queue.drained();
    await outcomes.flush();
    return rowsRead;
  }

  /** A bug must not keep the other rows waiting: the row says so and can be retried. */
  private async carryOutRow(row: number, planned: PlannedRow) {
    try {
      return await this.patiently(() => planned.carryOut());
    } catch (error) {
      if (this.signal.aborted) throw error;
      this.tools.logger.error({ importId: this.importId, row, error }, 'a row failed on a bug');
      const problems = [{ column: '', reason: 'failed on an internal error', raw: '' }];
      return { row, outcome: 'rejected' as const, problems };
    }
  }

  private async finish(rowsRead: number): Promise<void> {
    const state = await this.send((meta) => new FinishImportRun({ ...this.own, rowsRead }, meta));
    const { importId, number: run } = this;
    this.tools.logger.info({ importId, run, rowsRead, state: state.status }, 'import run ended');
  }

  private async fail({ code, message: reason }: Refusal, rowsRead: number): Promise<void> {
    await this.send((meta) => new FailImportRun({ ...this.own, code, reason, rowsRead }, meta));
    const { importId, number: run } = this;
    this.tools.logger.warn({ importId, run, code, reason }, 'import run failed');
  }

  private get own() {
    return { run: this.number, runner: this.runner };
  }

  private async context({ received, issueCodes, run }: ReceivedImport): Promise<RunContext> {
    const { log, registry } = this.tools;
    const request = await this.patiently(() => requestOf(log, this.importId, run));
    const { sha256, file } = received;
    return { registry, importId: this.importId, run, sha256, file, issueCodes, request };
  }

  /** The state after the command. Its id is new per step: the runner never sends a step twice but to repeat it. */
  private async send(command: (meta: CommandMeta) => ImportCommand): Promise<ReceivedImport> {
    const { log, imports } = this.tools;
    this.steps += 1;
    const made = command(systemMeta(this.importId, `${this.runner}/${String(this.steps)}`));
    const { state } = await this.patiently(() => handleCommand(log, imports, this.importId, made));
    if (state.status === 'none') throw new Error('a command on an import left no import');
    return state;
  }

  private patiently<T>(work: () => Promise<T>): Promise<T> {
    return patiently(work, {
      signal: this.signal,
      onWait: (error, attempt) => {
        // Many rows wait at once: one line tells of them all.
        if (attempt < 5 || performance.now() - this.toldAt < waitLineMs) return;
        this.toldAt = performance.now();
        this.tools.logger.warn({ importId: this.importId, error }, 'import waits for the store');
      },
    });
  }
}

/** What is wrong with the file, and not with the store or the runner. */
const isOfFile = (error: unknown): error is Refusal =>
  error instanceof Refusal && error.kind === 'unprocessable';

const systemMeta = (importId: string, step: string): CommandMeta => ({
  commandId: commandIdOf(importId, 'import-runner', step),
  actor: { id: 'import-runner', kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: new Date().toISOString(),
  correlationId: importId,
});
