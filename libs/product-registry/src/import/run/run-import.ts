import { setTimeout as sleep } from 'node:timers/promises';

import { type CsvFile, inspectCsvFile, readRows } from '#csv/csv-file.js';
import type { Position } from '#event-log/event-log.js';
import type { KeptFiles } from '#jobs/kept-files.js';
import { KeyedQueue } from '#jobs/keyed-queue.js';
import { isForLaterVersion } from '#jobs/retry.js';
import { untilCancelled } from '#jobs/until-cancelled.js';
import { Refusal } from '#kernel/refusal.js';
import type { ReadStore } from '#read-store/read-store.js';

import type { LookAlikes } from '../../look-alikes.js';
import type { ProductRegistry } from '../../registry.js';
import {
  compareWithEarlier,
  type EarlierList,
  readEarlier,
} from '../absence/compare-with-earlier.js';
import type { NotCompared, RowOutcome } from '../events.js';
import { listKinds } from '../plan/list-kinds.js';
import type { PlannedRow, RunContext } from '../plan/planned-row.js';
import { RegisteredNames } from '../plan/registered-names.js';
import { isBeingCancelled, isToDo, type ReceivedImport } from '../state.js';
import { OutcomeLog } from './outcome-log.js';
import { requestOf } from './run-request.js';
import { RunSteps, type StepTools } from './run-steps.js';

/** What a run works with. */
export interface RunTools extends StepTools {
  readonly registry: ProductRegistry;
  readonly files: KeptFiles;
  /** Absent: rows are not compared with what is registered under other names. */
  readonly lookAlikes?: LookAlikes | undefined;
  /** Data rows of a list that are taken at most. */
  readonly maxRows?: number | undefined;
  /** Where the list of imports is; without it no list is compared with the one before it. */
  readonly store?: ReadStore | undefined;
  /** How long that may take, in milliseconds. */
  readonly compareWithinMs?: number | undefined;
}

/** Rows side by side, and rows between reading and outcome: what bounds the memory of a run. */
const limits = { concurrency: 32, window: 4_000 };

/** How long the read model may take until it has what was registered before the run. */
const readModelMs = 60_000;

/** How often a run is tried that breaks off for a reason that does not pass. */
const maxTries = 3;
const pauseMs = 1_000;

/** How a run ended, for whoever holds the lease. `replaced`: another one took over, or one of a later version has to. */
export type RunEnd = 'done' | 'nothing-to-do' | 'not-received' | 'file-missing' | 'replaced';

export interface RunOptions {
  /** Called before each row is carried out; rejects where the run went to another process. */
  readonly ensureHeld?: () => Promise<void>;
  /** Whether a missing file fails the import, instead of being looked for later. */
  readonly isLastTry?: boolean;
}

/**
 * Carries out the run that is requested, from where it stands, under the name `runner`. Store outages
 * are waited out; what else breaks the run off ends it as failed after a few tries. Rejects when aborted.
 */
export const runImport = async (
  tools: RunTools,
  importId: string,
  runner: string,
  signal: AbortSignal,
  { isLastTry = false, ensureHeld = () => Promise.resolve() }: RunOptions = {},
): Promise<RunEnd> => {
  const steps = new RunSteps(tools, importId, runner, signal);
  const requested = await steps.requested();
  if (typeof requested === 'string') return requested;
  const { sha256 } = requested.received;
  const path = await tools.files.find(sha256);
  const isThere = path !== undefined || isBeingCancelled(requested);
  if (!isThere && !isLastTry) return 'file-missing';
  try {
    const state = await steps.start();
    if (!state) return 'done';
    if (isThere) {
      const run = new ImportRun(tools, importId, path ?? '', steps, signal, ensureHeld);
      await run.carryOut(state);
    } else await steps.end(0, fileMissing(sha256));
    return 'done';
  } catch (error) {
    if (signal.aborted || !isReplaced(error)) throw error;
    return 'replaced';
  }
};

class ImportRun {
  private rowsRead = 0;
  /** Where the log ended when the run began. */
  private began: Position | undefined;

  constructor(
    private readonly tools: RunTools,
    private readonly importId: string,
    private readonly path: string,
    private readonly steps: RunSteps,
    private readonly signal: AbortSignal,
    private readonly ensureHeld: () => Promise<void>,
  ) {}

  /** To its end, or until somebody cancels it: then it ends between two rows. */
  async carryOut(started: ReceivedImport): Promise<void> {
    this.began = await this.steps.retry(() => this.tools.log.head());
    const isCancelled = async (): Promise<boolean> => {
      const { state } = await this.tools.imports.refresh(this.importId);
      return state.status !== 'none' && state.cancelled >= started.run;
    };
    const end = await untilCancelled(isCancelled, this.signal, (halt) =>
      this.attempts(started, halt),
    );
    if (end === 'cancelled') await this.steps.end(this.rowsRead);
  }

  private async attempts(started: ReceivedImport, halt: AbortSignal): Promise<void> {
    let state = started;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.attempt(state, halt);
        return;
      } catch (error) {
        if (halt.aborted || isReplaced(error)) throw error;
        this.tools.logger.error({ importId: this.importId, attempt, error }, 'import broke off');
        if (attempt === maxTries) return this.steps.end(this.rowsRead, brokenOff(error));
        await sleep(pauseMs * attempt, undefined, { signal: halt });
        const now = await this.steps.requested();
        if (typeof now === 'string') return;
        state = now;
      }
    }
  }

  private async attempt(state: ReceivedImport, halt: AbortSignal): Promise<void> {
    const { kind } = state.received;
    const { maxRows } = this.tools;
    this.rowsRead = 0;
    let notCompared: NotCompared | undefined;
    const over = new AbortController();
    try {
      const { layouts } = listKinds[kind];
      const reading = { maxRows, signal: halt };
      const file = await inspectCsvFile(this.path, layouts, reading);
      const noted = await this.steps.note(file);
      const earlier = this.readEarlier(noted, file, AbortSignal.any([halt, over.signal]));
      // Looked at when the rows are done; nobody asks for it where they are not.
      earlier.catch(() => undefined);
      await this.carryOutRows(file, noted, halt);
      notCompared = await this.compare(earlier, halt);
    } catch (error) {
      if (!isOfFile(error)) throw error;
      await this.steps.end(this.rowsRead, error);
      return;
    } finally {
      over.abort();
    }
    await this.steps.end(this.rowsRead, undefined, notCompared);
  }

  /** Beside the rows: most of the work needs none of them. */
  private async readEarlier(
    state: ReceivedImport,
    file: CsvFile,
    halt: AbortSignal,
  ): Promise<EarlierList | undefined> {
    const { began, importId: id, tools } = this;
    const { store } = tools;
    if (!store || !began || state.received.kind !== 'products') return undefined;
    return readEarlier({ ...tools, store }, { id, state, began }, file, halt);
  }

  /** With the list before it, once all rows are done. Where that fails the import does not: it says so. */
  private async compare(
    reading: Promise<EarlierList | undefined>,
    halt: AbortSignal,
  ): Promise<NotCompared | undefined> {
    try {
      const earlier = await reading;
      if (!earlier) return undefined;
      const found = await compareWithEarlier(this.tools, earlier, halt);
      halt.throwIfAborted();
      await this.steps.retry(() => this.ensureHeld());
      await this.steps.absences(found);
      return undefined;
    } catch (error) {
      if (halt.aborted || isReplaced(error)) throw error;
      const { code, message: reason } = notComparedFor(error);
      const fields = { importId: this.importId, code, reason, error };
      this.tools.logger.warn(fields, 'a list was not compared');
      return { code, reason };
    }
  }

  private async carryOutRows(
    file: CsvFile,
    state: ReceivedImport,
    halt: AbortSignal,
  ): Promise<void> {
    const context = await this.context(file, state, halt);
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
  private async carryOutRow(
    row: number,
    { carryOut }: PlannedRow,
    halt: AbortSignal,
  ): Promise<RowOutcome> {
    // A row that has begun is brought to its end, so that its outcome is known.
    halt.throwIfAborted();
    try {
      return await this.steps.retry(async () => {
        await this.ensureHeld();
        return carryOut(this.tools.registry);
      });
    } catch (error) {
      if (halt.aborted || isReplaced(error)) throw error;
      this.tools.logger.error({ importId: this.importId, row, error }, 'a row failed on a bug');
      const problems = [{ column: '', reason: 'failed on an internal error', raw: '' }];
      return { row, outcome: 'rejected', problems };
    }
  }

  private async context(
    { sheet }: CsvFile,
    state: ReceivedImport,
    halt: AbortSignal,
  ): Promise<RunContext> {
    const { received, issueCodes, asOf, run } = state;
    const { log, registry, lookAlikes, logger } = this.tools;
    const registered = new RegisteredNames(log, lookAlikes, readModelMs, halt, () => {
      logger.warn(
        { importId: this.importId },
        'the catalogue is behind: products may be proposed too seldom',
      );
    });
    const request = await this.steps.retry(() => requestOf(log, this.importId, run));
    const { sha256, file } = received;
    const { importId } = this;
    const ensureHeld = async (): Promise<void> => {
      halt.throwIfAborted();
      await this.ensureHeld();
    };
    const source = { sha256, file, sheet: sheet?.name ?? null };
    const asked = { issueCodes, asOf, request };
    return { registry, registered, importId, run, ...source, ...asked, signal: halt, ensureHeld };
  }
}

/** What is wrong with the file, and not with the store or the runner. */
const isOfFile = (error: unknown): error is Refusal =>
  error instanceof Refusal && error.kind === 'unprocessable';

const isReplaced = (error: unknown): boolean =>
  isForLaterVersion(error) || (error instanceof Refusal && error.code === 'RUNNER_REPLACED');

const fileMissing = (sha256: string) => ({
  code: 'FILE_MISSING',
  message: `the file ${sha256} is not in the data folder; send it again, or restore it and retry`,
});

const brokenOff = (error: unknown) => ({
  code: error instanceof Refusal ? error.code : 'RUN_BROKE_OFF',
  message: `the run broke off ${String(maxTries)} times: ${messageOf(error).slice(0, 300)}`,
});

const notComparedFor = (error: unknown) => {
  if (error instanceof Refusal) return error;
  const message = `the list could not be compared with the one before it: ${messageOf(error).slice(0, 300)}`;
  return { code: 'COMPARISON_FAILED', message };
};

const messageOf = (error: unknown): string => {
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'for an unknown reason';
};
