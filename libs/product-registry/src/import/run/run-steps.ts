import type { CsvFile } from '#csv/csv-file.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import type { States } from '#event-log/states.js';
import { retryTransient } from '#jobs/retry.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';

import type { ComparedWithEarlier } from '../absence/compare-with-earlier.js';
import {
  EndImportRun,
  type ImportCommand,
  NoteImportFile,
  RecordAbsences,
  RecordImportRows,
  StartImportRun,
} from '../commands.js';
import type { ImportEvent, NotCompared, RowOutcome } from '../events.js';
import { dateInNotes } from '../list-date.js';
import { hasEnded, type ImportState, type ReceivedImport } from '../state.js';
import { batchesOf } from './outcome-log.js';

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

/** Columns and sheets that are named at most. */
const maxNamed = 100;

/** Least time between two log lines about one outage. */
const waitLineMs = 30_000;

/** What a run records of itself, one step after the other. Store outages are waited out. */
export class RunSteps {
  private run = 0;
  private steps = 0;
  private waitLoggedAt = -Infinity;

  constructor(
    private readonly tools: StepTools,
    private readonly importId: string,
    private readonly runner: string,
    private readonly signal: AbortSignal,
  ) {}

  /** The import, where a run of it is requested or under way. */
  async requested(): Promise<ReceivedImport | 'nothing-to-do' | 'not-received'> {
    const { state } = await this.retry(() => this.tools.imports.refresh(this.importId));
    if (state.status === 'none') return 'not-received';
    return hasEnded(state) ? 'nothing-to-do' : state;
  }

  /** The import with a run that this runner holds; undefined where it was cancelled. */
  async start(): Promise<ReceivedImport | undefined> {
    const { importId, runner } = this;
    const state = await this.send((meta) => new StartImportRun({ runner }, meta)).catch(
      (error: unknown) => {
        if (error instanceof Refusal && error.code === 'NO_RUN_REQUESTED') return undefined;
        throw error;
      },
    );
    if (state?.runner !== runner) return undefined;
    this.run = state.run;
    const fields = { importId, runner, run: state.run, done: state.done.size };
    this.tools.logger.info(fields, 'import run started');
    return state;
  }

  note(file: CsvFile): Promise<ReceivedImport> {
    const { encoding, delimiter, decimalMark, rows, header, sheet, notes } = file;
    const asOf = dateInNotes(notes, new Date().toISOString());
    const read = {
      ...{ layout: header.layout.name, encoding, delimiter, decimalMark, rows },
      ignoredColumns: header.ignored.slice(0, maxNamed),
      unreadColumns: file.unread.slice(0, maxNamed),
      ...(asOf !== undefined && { asOf }),
      ...(sheet && { sheet: sheet.name, unreadSheets: sheet.unread.slice(0, maxNamed) }),
    };
    return this.send((meta) => new NoteImportFile({ ...this.own, ...read }, meta));
  }

  async record(rows: readonly RowOutcome[]): Promise<void> {
    await this.send((meta) => new RecordImportRows({ ...this.own, rows }, meta));
  }

  /** What an earlier list names and this one does not. */
  async absences({ previous, products }: ComparedWithEarlier): Promise<void> {
    for (const part of batchesOf(products)) {
      const found = { ...this.own, previous, products: part };
      await this.send((meta) => new RecordAbsences(found, meta));
    }
  }

  /** `notCompared`: why nobody knows what of an earlier list is absent. */
  async end(
    rowsRead: number,
    error?: Pick<Refusal, 'code' | 'message'>,
    notCompared?: NotCompared,
  ): Promise<void> {
    const { importId, run } = this;
    const failure = error && { code: error.code, reason: error.message };
    const more = { ...(failure && { failure }), ...(notCompared && { notCompared }) };
    const data = { ...this.own, rowsRead, ...more };
    const { status: state } = await this.send((meta) => new EndImportRun(data, meta));
    const fields = { importId, run, rowsRead, state, ...failure };
    this.tools.logger[failure ? 'warn' : 'info'](fields, 'import run ended');
  }

  retry<T>(work: () => Promise<T>): Promise<T> {
    return retryTransient(work, this.signal, (error, attempt) => {
      // Many rows wait at once: one line is for them all.
      if (attempt < 5 || performance.now() - this.waitLoggedAt < waitLineMs) return;
      this.waitLoggedAt = performance.now();
      this.tools.logger.warn({ importId: this.importId, error }, 'import waits for the store');
    });
  }

  private get own() {
    return { run: this.run, runner: this.runner };
  }

  /** The state after the command. Its id is new per step: the runner sends a step again only to repeat it. */
  private async send(make: (meta: CommandMeta) => ImportCommand): Promise<ReceivedImport> {
    const { log, imports } = this.tools;
    this.steps += 1;
    const command = make({
      commandId: commandIdOf(
        this.importId,
        'import-runner',
        `${this.runner}/${String(this.steps)}`,
      ),
      actor: { id: 'import-runner', kind: 'system', roles: ['service'] },
      source: 'process',
      occurredAt: new Date().toISOString(),
      correlationId: this.importId,
    });
    const { state } = await this.retry(() => handleCommand(log, imports, this.importId, command));
    if (state.status === 'none') throw new Error('a command on an import left no import');
    return state;
  }
}
