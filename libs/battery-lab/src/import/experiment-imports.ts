import type { Pool } from 'pg';

import type { CommandResult } from '#event-log/handle-command.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import { JobQueue } from '#jobs/job-queue.js';
import { JobRunner, type JobRunnerOptions } from '#jobs/job-runner.js';
import { nothingImported } from '#jobs/nothing-imported.js';
import { PreviewPlaces } from '#jobs/preview-places.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { schemaOf } from '#read-store/schema-names.js';

import type { ExperimentState } from '../experiment/state.js';
import { type CyclerFile, inspectCyclerFile } from '../file/inspect-file.js';
import type { Batteries } from '../things.js';
import type { ImportCommand } from './decider.js';
import type { ImportData, Reading } from './events.js';
import { openTest } from './open-test.js';
import { type ImportPreview, previewImport } from './preview-import.js';
import { experimentsVersion } from './read-model.js';
import { ImportRun, type ImportTools } from './run-import.js';

/** A file that is kept, and what it is; null where only a mapping can say it. */
export interface SentFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly file: CyclerFile | null;
}

/** What is wanted of an import; `null` where nothing is said. */
export interface WantedImport extends Reading {
  readonly name: string;
  readonly description: string | null;
  readonly batteryId: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

export type RequestImport = Extract<ImportCommand, { type: 'RequestImport' }>;
export type RequestedImport = ImportData<'ExperimentImportRequested'>;

/** Imports run one after the other: each reads and appends as fast as the log takes it. */
const kind = 'cycler-files';
/** How long a request may read for the first record: what takes longer is found out by the run. */
const checkMs = 20_000;
/** What a mapping can mend. */
const unmapped = ['LAYOUT_UNKNOWN', 'COLUMN_MISSING', 'UNIT_UNEXPECTED'];

const queueOf = (pool: Pick<Pool, 'query'>): JobQueue =>
  new JobQueue(pool, {
    ...{ name: 'lab.import_work', id: 'experiment_id' },
    unfinished: `select id::uuid, '${kind}' from ${schemaOf(experimentsVersion)}.experiments
      where document ->> 'status' = 'importing'`,
  });

/** Takes in cycler files and imports them as experiments. */
export class ExperimentImports {
  private readonly queue;
  private readonly runner;
  private readonly places = new PreviewPlaces();

  constructor(
    private readonly tools: ImportTools,
    private readonly batteries: Batteries,
    pool: Pick<Pool, 'query'>,
    options?: JobRunnerOptions,
  ) {
    this.queue = queueOf(pool);
    const { run } = new ImportRun(tools);
    this.runner = new JobRunner(this.queue, [kind], run, tools.logger, options);
  }

  start(): void {
    const { files, unused, logger } = this.tools;
    unused.start();
    files.removeLeftovers().catch((error: unknown) => {
      logger.warn({ error }, 'leftovers of uploads could not be removed');
    });
    this.runner.start();
  }

  stop(): Promise<void> {
    this.tools.unused.stop();
    return this.runner.stop();
  }

  /**
   * Keeps a file that a cycler may have written, for good once an import names it; `forMapping`: also one in no layout that
   * is known. Throws what `KeptFiles.spool` and `inspectCyclerFile` throw, and `UPLOADS_FULL`: then nothing is kept.
   */
  async keep(
    body: AsyncIterable<Uint8Array>,
    name: string,
    forMapping: boolean,
  ): Promise<SentFile> {
    const { files, unused } = this.tools;
    await unused.requireRoom();
    const spooled = await files.spool(body);
    try {
      const file = await inspectCyclerFile(spooled.path, {}, name).catch((error: unknown) => {
        const mayBeMapped = error instanceof Refusal && unmapped.includes(error.code);
        if (mayBeMapped && forMapping) return null;
        throw error;
      });
      await unused.keep(spooled);
      const { sha256, bytes } = spooled;
      return { sha256, bytes, file };
    } catch (error) {
      await files.discard(spooled);
      throw error;
    }
  }

  /**
   * What would be requested. Throws `BATTERY_UNKNOWN`, `FILE_NOT_KEPT`, and what the files are refused with as far as
   * the first record.
   */
  async plan({ batteryId, files, ...wanted }: WantedImport): Promise<RequestedImport> {
    const { nominalCapacityAh } = await this.batteries.known(batteryId);
    const sent = await Promise.all(
      files.map((file, at) => this.sent(file, `/files/${String(at)}`)),
    );
    return { ...wanted, batteryId, nominalCapacityAh, files: sent };
  }

  /** The request with what the files say at once. Throws what `openTest` throws, where it is found out soon. */
  async checked(request: RequestedImport): Promise<RequestedImport> {
    const late = AbortSignal.timeout(checkMs);
    try {
      const { files, close } = await openTest(this.tools.files, request, late);
      await close();
      return { ...request, cycles: files.expectedCycles };
    } catch (error) {
      if (error !== late.reason) throw error;
      return request;
    }
  }

  /** What an import would give; nothing is written. Throws what `openTest` throws, and `PREVIEWS_BUSY`. */
  preview(request: RequestedImport, key: string, gone: AbortSignal): Promise<ImportPreview> {
    return this.places.during(key, () => previewImport(this.tools.files, request, gone));
  }

  /**
   * Lists the import for the runners before it is requested, so that no crash leaves one that nobody runs. From then on its
   * files are kept for good.
   */
  async enqueue(id: string, { files }: Pick<RequestedImport, 'files'>): Promise<void> {
    for (const { sha256 } of files) await this.tools.unused.use(sha256);
    await this.queue.enqueue(id, kind).catch(nothingImported);
  }

  /** Carries out a request that is listed. The same files by many at once are no conflict. */
  async carryOut(id: string, command: RequestImport): Promise<CommandResult<ExperimentState>> {
    const { experiments } = this.tools;
    const done = await retryForfeited(() => experiments.handle(id, command, {}));
    // A runner that claimed it in between found nothing to do and took it off the queue. Where this
    // fails, the runners find the import in the read model a little later.
    await this.queue.enqueue(id, kind).catch(() => undefined);
    this.runner.wake();
    return done;
  }

  private async sent(file: WantedImport['files'][number], pointer: string) {
    await this.tools.unused.touch(file.sha256);
    const bytes = await this.tools.files.bytesOf(file.sha256);
    if (bytes !== undefined) return { name: file.name, sha256: file.sha256, bytes };
    throw new Refusal('FILE_NOT_KEPT', 'unprocessable', `"${file.name}" was not sent`, {
      errors: [
        {
          pointer: `${pointer}/sha256`,
          reason: 'expected the hash of a file that was sent before',
        },
      ],
    });
  }
}

/** The same files of the same battery, read in the same way, are the same experiment. */
export const importIdOf = (request: RequestedImport): string => {
  const { batteryId, zone, startedAt, dateOrder, timeUnit, mapping } = request;
  const hashes = request.files.map(({ sha256 }) => sha256).toSorted();
  const read = { zone, startedAt, dateOrder, timeUnit, mapping };
  return contentIdOf('experiment-import', batteryId, ...hashes, JSON.stringify(read));
};
