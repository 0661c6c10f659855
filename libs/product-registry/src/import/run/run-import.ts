import { setTimeout as sleep } from 'node:timers/promises';

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
  /** Data rows of a list that are taken at most. */
  readonly maxRows?: number | undefined;
}

const listKinds: Readonly<Record<ImportKind, ListKind<RunContext>>> = {
  products: productLists,
  manufacturers: manufacturerLists,
};

/** Rows side by side, and rows between reading and outcome: what bounds the memory of a run. */
const limits = { concurrency: 32, window: 4_000 };

/** Least time between two log lines about one outage. */
const waitLineMs = 30_000;

/** How often a run is tried that breaks off for a reason that does not pass. */
const tries = 3;
const pauseMs = 1_000;

/** How a run ended, for whoever holds the lease. */
export type RunEnd = 'done' | 'nothing-to-do' | 'not-received' | 'file-missing';

export interface RunOptions {
  /** Asked before each row is carried out; rejects where the run went to another process. */
  readonly ensureHeld?: () => Promise<void>;
  /** Whether a missing file fails the import, instead of being looked for later. */
  readonly isLastLook?: boolean;
}

/**
 * Carries out the run that is asked for, from where it stands, under the name `runner`. Store outages
 * are waited out; what else breaks the run off ends it as failed after a few tries. Rejects when
 * aborted, and with `RUNNER_REPLACED` where another runner took over.
 */
export const runImport = async (
  tools: RunTools,
  importId: string,
  runner: string,
  signal: AbortSignal,
  { isLastLook = false, ensureHeld = () => Promise.resolve() }: RunOptions = {},
): Promise<RunEnd> => {
  const run = new ImportRun(tools, importId, runner, signal, ensureHeld);
  const asked = await run.asked();
  if (typeof asked === 'string') return asked;
  const { sha256 } = asked.received;
  const isThere = await tools.files.has(sha256);
  if (!isThere && !isLastLook) return 'file-missing';
  const state = await run.start();
  if (isThere) await run.carryOut(state);
  else await run.fail(fileMissing(sha256));
  return 'done';
};

class ImportRun {
  private number = 0;
  private steps = 0;
  private rowsRead = 0;
  private toldAt = -Infinity;

  constructor(
    private readonly tools: RunTools,
    private readonly importId: string,
    private readonly runner: string,
    private readonly signal: AbortSignal,
    private readonly ensureHeld: () => Promise<void>,
  ) {}

  /** The import, where a run of it is asked for or under way. */
  async asked(): Promise<ReceivedImport | 'nothing-to-do' | 'not-received'> {
    const { state } = await this.patiently(() => this.tools.imports.refresh(this.importId));
    if (state.status === 'none') return 'not-received';
    return state.status === 'completed' || state.status === 'failed' ? 'nothing-to-do' : state;
  }

  async start(): Promise<ReceivedImport> {
    const started = await this.send((meta) => new StartImportRun({ runner: this.runner }, meta));
    this.number = started.run;
    const { importId, runner } = this;
    const fields = { importId, runner, run: started.run, done: started.done.size };
    this.tools.logger.info(fields, 'import run started');
    return started;
  }

  async carryOut(started: ReceivedImport): Promise<void> {
    let state = started;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.attempt(state);
        return;
      } catch (error) {
        if (this.signal.aborted || isReplaced(error)) throw error;
        this.tools.logger.error({ importId: this.importId, attempt, error }, 'import broke off');
        if (attempt === tries) return this.fail(brokenOff(error));
        await sleep(pauseMs * attempt, undefined, { signal: this.signal });
        const now = await this.asked();
        if (typeof now === 'string') return;
        state = now;
      }
    }
  }

  private async attempt(state: ReceivedImport): Promise<void> {
    const { kind, sha256 } = state.received;
    this.rowsRead = 0;
    try {
      const { layouts } = listKinds[kind];
      const { files, maxRows } = this.tools;
      const { signal } = this;
      const file = await inspectListFile(files.pathOf(sha256), layouts, { maxRows, signal });
      await this.rows(file, await this.note(file));
    } catch (error) {
      if (!isOfFile(error)) throw error;
      return this.fail(error);
    }
    await this.finish();
  }

  private note(file: ListFile): Promise<ReceivedImport> {
    const { encoding, delimiter, decimalMark, rows, header } = file;
    const read = { layout: header.layout.name, encoding, delimiter, decimalMark, rows };
    const ignoredColumns = header.ignored.slice(0, 100);
    return this.send((meta) => new NoteImportFile({ ...this.own, ...read, ignoredColumns }, meta));
  }

  private async rows(file: ListFile, state: ReceivedImport): Promise<void> {
    const planner = listKinds[state.received.kind].planner(file, await this.context(state));
    const queue = new KeyedQueue(limits);
    const outcomes = new OutcomeLog((rows) =>
      this.send((meta) => new RecordImportRows({ ...this.own, rows }, meta)).then(() => undefined),
    );
    try {
      for await (const row of readRows(file, this.signal)) {
        this.signal.throwIfAborted();
        this.rowsRead += 1;
        if (this.rowsRead > file.rows) break;
        const planned = planner.plan(row, isToDo(state, row.row));
        if (!planned) continue;
        await queue.add(planned.key, async () => {
          await outcomes.add(await this.carryOutRow(row.row, planned));
        });
      }
    } finally {
      // Also where the file cannot be read on: no row is carried out after the run has ended.
      await queue.drained();
    }
    await outcomes.flush();
  }

  /** A bug must not keep the other rows waiting: the row says so and can be retried. */
  private async carryOutRow(row: number, planned: PlannedRow) {
    try {
      return await this.patiently(async () => {
        await this.ensureHeld();
        return planned.carryOut();
      });
    } catch (error) {
      if (this.signal.aborted) throw error;
      this.tools.logger.error({ importId: this.importId, row, error }, 'a row failed on a bug');
      const problems = [{ column: '', reason: 'failed on an internal error', raw: '' }];
      return { row, outcome: 'rejected' as const, problems };
    }
  }

  private async finish(): Promise<void> {
    const { rowsRead } = this;
    const state = await this.send((meta) => new FinishImportRun({ ...this.own, rowsRead }, meta));
    const { importId, number: run } = this;
    this.tools.logger.info({ importId, run, rowsRead, state: state.status }, 'import run ended');
  }

  async fail({ code, message: reason }: Pick<Refusal, 'code' | 'message'>): Promise<void> {
    const { rowsRead } = this;
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
    const { importId, ensureHeld } = this;
    return { registry, importId, run, sha256, file, issueCodes, request, ensureHeld };
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

const isReplaced = (error: unknown): boolean =>
  error instanceof Refusal && error.code === 'RUNNER_REPLACED';

const fileMissing = (sha256: string) => ({
  code: 'FILE_MISSING',
  message: `the file ${sha256}.csv is not in the data folder; send it again, or restore it and retry`,
});

const brokenOff = (error: unknown) => ({
  code: error instanceof Refusal ? error.code : 'RUN_BROKE_OFF',
  message: `the run broke off ${String(tries)} times: ${messageOf(error).slice(0, 300)}`,
});

const messageOf = (error: unknown): string => {
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'for an unknown reason';
};

const systemMeta = (importId: string, step: string): CommandMeta => ({
  commandId: commandIdOf(importId, 'import-runner', step),
  actor: { id: 'import-runner', kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: new Date().toISOString(),
  correlationId: importId,
});
