import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { newest } from '#event-log/reading.js';
import { States } from '#event-log/states.js';
import type { Job, JobEnd } from '#jobs/job-runner.js';
import type { KeptFiles } from '#jobs/kept-files.js';
import { isForLaterVersion, retryTransient } from '#jobs/retry.js';
import { untilCancelled } from '#jobs/until-cancelled.js';
import type { UnusedFiles } from '#jobs/unused-files.js';
import type { CommandMeta, ContentOf } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { StoreLogger } from '#read-store/read-store.js';

import { experimentDecider } from '../experiment/decider.js';
import { type ExperimentEvent, experimentStream } from '../experiment/events.js';
import type { Experiments } from '../experiment/experiments.js';
import type { ImportReport } from '../file/report.js';
import { cyclerSamplesDecider } from '../samples/decider.js';
import { cyclerSamplesIdOf, cyclerSamplesStream } from '../samples/events.js';
import { chunksOf, type ImportedChunk } from './chunks.js';
import type { ImportCommand, ImportedExperiment } from './decider.js';
import { foundIn } from './found.js';
import { openTest } from './open-test.js';

/** What imports are run with. */
export interface ImportTools {
  readonly log: EventLog;
  readonly experiments: Experiments;
  readonly files: KeptFiles;
  readonly unused: UnusedFiles;
  readonly logger: StoreLogger;
}

/** A request that was listed but never appended is forgotten after so many seconds. */
const unappendedS = 600;
/** Other processes may have the file in a folder of their own: it fails an import after so many seconds. */
const fileMissingS = 15;
/** How often an import is tried that breaks off for a reason that does not pass. */
const maxTries = 3;
/** Rows of an `ImportedRowsRejected`. */
const mostRows = 500;

/**
 * Takes in the records of an import from where they stand, as whoever asked for it. Everything that it appends
 * follows from the files, so that it may break off anywhere, and be gone on with by another process.
 */
export class ImportRun {
  private readonly samples;
  /** How often imports broke off here. */
  private readonly broken = new Map<string, number>();

  constructor(private readonly tools: ImportTools) {
    this.samples = new States(tools.log, cyclerSamplesDecider, 100);
  }

  readonly run = async (job: Job): Promise<JobEnd> => {
    const { id, signal, waitedSeconds } = job;
    const { experiments, logger } = this.tools;
    const { state } = await retryTransient(() => experiments.states.refresh(id), signal);
    // The request was listed and is about to be appended, or its process died in between.
    if (state.status === 'absent') {
      return waitedSeconds > unappendedS ? 'finished' : { afterMs: 1_000 };
    }
    if (state.status !== 'imported' || state.import !== 'requested') return 'finished';
    try {
      const end = await untilCancelled(
        () => this.isCancelled(id, state.run),
        signal,
        (halt) => this.takeIn({ ...job, signal: halt }, state),
      );
      if (end === 'cancelled') logger.info({ experimentId: id }, 'an import was cancelled');
    } catch (error) {
      if (signal.aborted || isForLaterVersion(error)) throw error;
      const isMissing = error instanceof Refusal && error.code === 'FILE_MISSING';
      if (isMissing && waitedSeconds < fileMissingS) return { afterMs: 2_000 };
      const tries = (this.broken.get(id) ?? 0) + 1;
      this.broken.set(id, tries);
      const isOfFiles = error instanceof Refusal && error.kind === 'unprocessable';
      if (!isOfFiles) logger.error({ experimentId: id, tries, error }, 'an import broke off');
      if (!isOfFiles && tries < maxTries) return { afterMs: 1_000 };
      await this.fail(job, state, error);
    }
    this.broken.delete(id);
    return 'again';
  };

  private async isCancelled(id: string, run: number): Promise<boolean> {
    const { state } = await this.tools.experiments.states.refresh(id);
    return state.status === 'imported' && (state.import === 'cancelled' || state.run > run);
  }

  private async takeIn(job: Job, { request, run, rejectedRows }: ImportedExperiment) {
    const { id, signal } = job;
    const test = await openTest(this.tools.files, request, signal);
    const recorder = new Recorder(this.tools, this.samples, job, await this.requester(job, run));
    let last: ImportedChunk | undefined;
    for await (const chunk of chunksOf(test.records, test.startMs)) {
      await recorder.record(chunk);
      last = chunk;
    }
    await this.reject(recorder, test.files.report(), rejectedRows);
    const data = foundIn(test, last, request);
    await recorder.tell({ type: 'CompleteImport', data });
    const { records, rejectedRows: rejected } = data;
    this.tools.logger.info({ experimentId: id, records, rejected }, 'an experiment is imported');
  }

  /** All rows that gave no record, after those that are on record. */
  private async reject(recorder: Recorder, { problems }: ImportReport, known: number) {
    let after = known;
    while (after < problems.listed.length) {
      const file = problems.listed[after]?.file ?? '';
      const some = problems.listed.slice(after, after + mostRows);
      const other = some.findIndex((one) => one.file !== file);
      const rows = some
        .slice(0, other < 0 ? some.length : other)
        .map(({ line, fault, reason }) => ({ line, fault, reason }));
      await recorder.tell({ type: 'RejectImportedRows', data: { after, file, rows } });
      after += rows.length;
    }
  }

  private async fail(job: Job, { run }: ImportedExperiment, error: unknown): Promise<void> {
    const recorder = new Recorder(this.tools, this.samples, job, await this.requester(job, run));
    const data = failureOf(error);
    await recorder.tell({ type: 'FailImport', data });
    this.tools.logger.warn({ experimentId: job.id, ...data }, 'an import has failed');
  }

  /** Who asked for the run: what it appends is theirs. */
  private async requester({ id, signal }: Job, run: number): Promise<Requester> {
    return retryTransient(async () => {
      let asked = 0;
      for await (const stored of this.tools.log.readStream(experimentStream(id))) {
        const event = newest<ExperimentEvent>(experimentDecider, stored);
        if (event?.type !== 'ExperimentImportRequested') continue;
        asked += 1;
        if (asked < run) continue;
        const { actor, occurredAt, $correlationId: correlationId, reason } = event.metadata;
        return { actor, occurredAt, correlationId, causationId: event.id, reason, run };
      }
      throw new Error(`nobody asked for run ${String(run)} of the import of ${id}`);
    }, signal);
  }
}

interface Requester extends Pick<
  CommandMeta,
  'actor' | 'occurredAt' | 'correlationId' | 'causationId'
> {
  readonly reason: string | undefined;
  readonly run: number;
}

/** Appends what is taken in, while this process holds the job. Outages of the stores are waited out. */
class Recorder {
  private day = '';
  /** Test time of the last record that is on record of the day. */
  private recordedS = -Infinity;

  constructor(
    private readonly tools: ImportTools,
    private readonly samples: States<
      readonly string[],
      Parameters<typeof cyclerSamplesDecider.decide>[0],
      ReturnType<typeof cyclerSamplesDecider.decide>[number]
    >,
    private readonly job: Job,
    private readonly requester: Requester,
  ) {}

  /** Nothing where it is on record already: chunks of a day come in the order of their test time. */
  async record(chunk: ImportedChunk): Promise<void> {
    const experimentId = this.job.id;
    const id = cyclerSamplesIdOf(experimentId, chunk.from);
    if (id !== this.day) {
      this.recordedS = await this.retry(() => this.recordedOf(id));
      this.day = id;
    }
    if ((chunk.testTimeS.at(-1) ?? 0) <= this.recordedS) return;
    await this.retry(() =>
      handleCommand(this.tools.log, this.samples, id, {
        type: 'RecordCyclerSamples',
        data: { experimentId, ...chunk },
        meta: this.metaOf('records', chunk.hash),
      }),
    );
  }

  async tell(command: ContentOf<ImportCommand>): Promise<void> {
    const { experiments } = this.tools;
    const key = `${String(this.requester.run)} ${JSON.stringify(command)}`;
    const meta = this.metaOf(command.type, key);
    await this.retry(() => experiments.handle(this.job.id, { ...command, meta }, {}));
  }

  private async recordedOf(id: string): Promise<number> {
    const newestFirst = { direction: 'backwards', limit: 1 } as const;
    for await (const { data } of this.tools.log.readStream(cyclerSamplesStream(id), newestFirst)) {
      return (data as unknown as ImportedChunk).testTimeS.at(-1) ?? -Infinity;
    }
    return -Infinity;
  }

  private retry<T>(work: () => Promise<T>): Promise<T> {
    const { signal, ensureHeld, id: experimentId } = this.job;
    const holding = async (): Promise<T> => {
      await ensureHeld();
      return work();
    };
    return retryTransient(holding, signal, (error, attempt) => {
      if (attempt > 1) return;
      this.tools.logger.warn({ experimentId, error }, 'an import waits, and goes on by itself');
    });
  }

  /** The same content is the same command, whoever sends it. */
  private metaOf(...parts: readonly string[]): CommandMeta {
    const { reason, run: _, ...requester } = this.requester;
    return {
      ...requester,
      commandId: contentIdOf('experiment-import', this.job.id, ...parts),
      source: 'import',
      ...(reason !== undefined && { reason }),
    };
  }
}

const failureOf = (error: unknown) => {
  const said = error instanceof Error ? error.message.slice(0, 1_000) : 'for an unknown reason';
  return error instanceof Refusal
    ? { code: error.code, reason: said }
    : {
        code: 'IMPORT_BROKE_OFF',
        reason: `the import broke off ${String(maxTries)} times: ${said}`,
      };
};
