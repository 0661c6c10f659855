import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from '#kernel/refusal.js';

import type { ProductRegistry } from '../../registry.js';
import type { ImportFiles } from '../import-files.js';
import { listKinds } from '../plan/list-kinds.js';
import type { PlannedRow, RunContext } from '../plan/planned-row.js';
import { inspectListFile, type ListFile, readRows } from '../reading/list-file.js';
import { isBeingCancelled, isToDo, type ReceivedImport } from '../state.js';
import { CancelWatch } from './cancel-watch.js';
import { KeyedQueue } from './keyed-queue.js';
import { OutcomeLog } from './outcome-log.js';
import { requestOf } from './run-request.js';
import { RunSteps, type StepTools } from './run-steps.js';

/** What a run works with. */
export interface RunTools extends StepTools {
  readonly registry: ProductRegistry;
  readonly files: ImportFiles;
  /** Data rows of a list that are taken at most. */
  readonly maxRows?: number | undefined;
}

/** Rows side by side, and rows between reading and outcome: what bounds the memory of a run. */
const limits = { concurrency: 32, window: 4_000 };

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
  const steps = new RunSteps(tools, importId, runner, signal);
  const asked = await steps.asked();
  if (typeof asked === 'string') return asked;
  const { sha256 } = asked.received;
  const isThere = isBeingCancelled(asked) || (await tools.files.has(sha256));
  if (!isThere && !isLastLook) return 'file-missing';
  const state = await steps.start();
  if (!state) return 'done';
  const run = new ImportRun(tools, importId, steps, signal, ensureHeld);
  if (isThere) await run.carryOut(state);
  else await steps.fail(fileMissing(sha256), 0);
  return 'done';
};

class ImportRun {
  private rowsRead = 0;

  constructor(
    private readonly tools: RunTools,
    private readonly importId: string,
    private readonly steps: RunSteps,
    private readonly signal: AbortSignal,
    private readonly ensureHeld: () => Promise<void>,
  ) {}

  /** To its end, or until somebody cancels it: then it ends between two rows. */
  async carryOut(started: ReceivedImport): Promise<void> {
    const watch = new CancelWatch(this.tools.imports, this.importId, started.run);
    try {
      await this.tryOften(started, watch.signal);
    } catch (error) {
      if (this.signal.aborted || !watch.signal.aborted) throw error;
      await this.steps.endCancelled(this.rowsRead);
    } finally {
      watch.end();
    }
  }

  private async tryOften(started: ReceivedImport, cancelled: AbortSignal): Promise<void> {
    const halt = AbortSignal.any([this.signal, cancelled]);
    let state = started;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.attempt(state, halt);
        return;
      } catch (error) {
        if (halt.aborted || isReplaced(error)) throw error;
        this.tools.logger.error({ importId: this.importId, attempt, error }, 'import broke off');
        if (attempt === tries) return this.steps.fail(brokenOff(error), this.rowsRead);
        await sleep(pauseMs * attempt, undefined, { signal: halt });
        const now = await this.steps.asked();
        if (typeof now === 'string') return;
        state = now;
      }
    }
  }

  private async attempt(state: ReceivedImport, halt: AbortSignal): Promise<void> {
    const { kind, sha256 } = state.received;
    this.rowsRead = 0;
    try {
      const { layouts } = listKinds[kind];
      const { files, maxRows } = this.tools;
      const reading = { maxRows, signal: halt };
      const file = await inspectListFile(files.pathOf(sha256), layouts, reading);
      await this.rows(file, await this.steps.note(file), halt);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      return this.steps.fail(error, this.rowsRead);
    }
    await this.steps.finish(this.rowsRead);
  }

  private async rows(file: ListFile, state: ReceivedImport, halt: AbortSignal): Promise<void> {
    const context = await this.context(state, halt);
    const plan = listKinds[state.received.kind].planner(file, context);
    const queue = new KeyedQueue(limits);
    const outcomes = new OutcomeLog((rows) => this.steps.record(rows));
    try {
      for await (const row of readRows(file, halt)) {
        halt.throwIfAborted();
        this.rowsRead += 1;
        if (this.rowsRead > file.rows) break;
        const planned = plan(row, isToDo(state, row.row));
        if (!planned) continue;
        await queue.add(planned.key, async () => {
          await outcomes.add(await this.carryOutRow(row.row, planned, halt));
        });
      }
    } finally {
      // Also where the file cannot be read on: no row is carried out after the run has ended.
      await queue.drained().finally(() => (this.signal.aborted ? undefined : outcomes.flush()));
    }
  }

  /** A bug must not keep the other rows waiting: the row says so and can be retried. */
  private async carryOutRow(row: number, planned: PlannedRow, halt: AbortSignal) {
    // A row that has begun is brought to its end, so that its outcome is known.
    halt.throwIfAborted();
    try {
      return await this.steps.patiently(async () => {
        await this.ensureHeld();
        return planned.carryOut(this.tools.registry);
      });
    } catch (error) {
      if (halt.aborted) throw error;
      this.tools.logger.error({ importId: this.importId, row, error }, 'a row failed on a bug');
      const problems = [{ column: '', reason: 'failed on an internal error', raw: '' }];
      return { row, outcome: 'rejected' as const, problems };
    }
  }

  private async context(state: ReceivedImport, halt: AbortSignal): Promise<RunContext> {
    const { received, issueCodes, run } = state;
    const { log, registry } = this.tools;
    const request = await this.steps.patiently(() => requestOf(log, this.importId, run));
    const { sha256, file } = received;
    const { importId } = this;
    const ensureHeld = async (): Promise<void> => {
      halt.throwIfAborted();
      await this.ensureHeld();
    };
    return { registry, importId, run, sha256, file, issueCodes, request, ensureHeld };
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
