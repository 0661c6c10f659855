import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import type { States } from '#event-log/states.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import {
  EndCancelledRun,
  FailImportRun,
  FinishImportRun,
  type ImportCommand,
  NoteImportFile,
  RecordImportRows,
  StartImportRun,
} from '../commands.js';
import type { ImportEvent, RowOutcome } from '../events.js';
import type { ListFile } from '../reading/list-file.js';
import { hasEnded, type ImportState, type ReceivedImport } from '../state.js';
import { patiently } from './patience.js';

export type ImportStates = States<ImportState, ImportCommand, ImportEvent>;

export interface RunLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the steps of a run are recorded with. */
export interface StepTools {
  readonly log: EventLog;
  readonly imports: ImportStates;
  readonly logger: RunLogger;
}

/** Least time between two log lines about one outage. */
const waitLineMs = 30_000;

/** What a run records of itself, one step after the other. Store outages are waited out. */
export class RunSteps {
  private number = 0;
  private steps = 0;
  private toldAt = -Infinity;

  constructor(
    private readonly tools: StepTools,
    private readonly importId: string,
    private readonly runner: string,
    private readonly signal: AbortSignal,
  ) {}

  /** The import, where a run of it is asked for or under way. */
  async asked(): Promise<ReceivedImport | 'nothing-to-do' | 'not-received'> {
    const { state } = await this.patiently(() => this.tools.imports.refresh(this.importId));
    if (state.status === 'none') return 'not-received';
    return hasEnded(state) ? 'nothing-to-do' : state;
  }

  /** The import with a run in this runner's hands; undefined where it was cancelled. */
  async start(): Promise<ReceivedImport | undefined> {
    const { importId, runner } = this;
    const state = await this.send((meta) => new StartImportRun({ runner }, meta)).catch(
      (error: unknown) => {
        if (error instanceof Refusal && error.code === 'NO_RUN_REQUESTED') return undefined;
        throw error;
      },
    );
    if (state?.runner !== runner) return undefined;
    this.number = state.run;
    const fields = { importId, runner, run: state.run, done: state.done.size };
    this.tools.logger.info(fields, 'import run started');
    return state;
  }

  note(file: ListFile): Promise<ReceivedImport> {
    const { encoding, delimiter, decimalMark, rows, header } = file;
    const read = { layout: header.layout.name, encoding, delimiter, decimalMark, rows };
    const ignoredColumns = header.ignored.slice(0, 100);
    return this.send((meta) => new NoteImportFile({ ...this.own, ...read, ignoredColumns }, meta));
  }

  async record(rows: readonly RowOutcome[]): Promise<void> {
    await this.send((meta) => new RecordImportRows({ ...this.own, rows }, meta));
  }

  async finish(rowsRead: number): Promise<void> {
    this.ended(
      await this.send((meta) => new FinishImportRun({ ...this.own, rowsRead }, meta)),
      rowsRead,
    );
  }

  async endCancelled(rowsRead: number): Promise<void> {
    this.ended(await this.send((meta) => new EndCancelledRun(this.own, meta)), rowsRead);
  }

  async fail(
    { code, message: reason }: Pick<Refusal, 'code' | 'message'>,
    rowsRead: number,
  ): Promise<void> {
    await this.send((meta) => new FailImportRun({ ...this.own, code, reason, rowsRead }, meta));
    const { importId, number: run } = this;
    this.tools.logger.warn({ importId, run, code, reason }, 'import run failed');
  }

  patiently<T>(work: () => Promise<T>): Promise<T> {
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

  private ended({ status: state }: ReceivedImport, rowsRead: number): void {
    const { importId, number: run } = this;
    this.tools.logger.info({ importId, run, rowsRead, state }, 'import run ended');
  }

  private get own() {
    return { run: this.number, runner: this.runner };
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
}

const systemMeta = (importId: string, step: string): CommandMeta => ({
  commandId: commandIdOf(importId, 'import-runner', step),
  actor: { id: 'import-runner', kind: 'system', roles: ['service'] },
  source: 'process',
  occurredAt: new Date().toISOString(),
  correlationId: importId,
});
