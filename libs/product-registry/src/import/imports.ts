import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
} from '#event-log/handle-command.js';
import { retryForfeited } from '#event-log/key/retry-forfeited.js';
import { StreamQueue } from '#event-log/stream-queue.js';
import type { JobQueue } from '#jobs/job-queue.js';
import { nothingImported } from '#jobs/nothing-imported.js';
import { PreviewPlaces } from '#jobs/preview-places.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import type { CommandObserver } from '#observability/command-observer.js';

import { isId } from '../registry.js';
import {
  type CancelImport,
  type DecideReview,
  ReceiveImport,
  type RetryImport,
} from './commands.js';
import { compareImports, type ImportComparison } from './compare/compare-imports.js';
import type { ImportKind } from './events.js';
import { mappingVersion } from './mapping.js';
import { type ImportPreview, previewImport } from './preview/preview-import.js';
import { type DecidedReview, decideReview } from './review/decide-review.js';
import { ImportRunner } from './run/import-runner.js';
import type { RunTools } from './run/run-import.js';
import type { ReceivedImport } from './state.js';

/** What a sender says of a file. */
export interface ImportOptions {
  readonly kind: ImportKind;
  readonly issueCodes: boolean;
  /** The list's own date, where it is known. */
  readonly asOf?: string | undefined;
  /** The file's name, where the sender gave one. */
  readonly file: string | null;
}

/** Who waits for a preview or a comparison. */
export interface PreviewCaller {
  /** Id of the API key. */
  readonly key: string;
  /** Aborted when the caller hangs up. */
  readonly gone: AbortSignal;
}

/** An import and the place of its last event. */
export type ImportStanding = { readonly id: string } & Pick<
  CommandResult<ReceivedImport>,
  'state' | 'revision' | 'position'
>;

/** An import after a command. */
export type ChangedImport = ImportStanding & CommandResult<ReceivedImport>;

/** A decision on hundreds of items takes some seconds. */
const reviewBounds = { maxWaiting: 16, maxWaitMs: 60_000 };

/** Takes imports in, answers for them and runs them. */
export class Imports {
  private readonly runner: ImportRunner;
  private readonly places = new PreviewPlaces();
  /** Two who decide the same items at once would each carry out what follows. */
  private readonly reviews = new StreamQueue(reviewBounds);

  constructor(
    private readonly tools: RunTools,
    private readonly queue: JobQueue,
    private readonly observer: CommandObserver,
  ) {
    this.runner = new ImportRunner(tools, queue);
  }

  /** Runs what is received here and elsewhere. */
  start(): void {
    this.runner.start();
  }

  stop(): Promise<void> {
    return this.runner.stop();
  }

  /**
   * Spools a file and appends that it was received. Sent before: a new run is asked for.
   *
   * Throws what `KeptFiles.spool` throws, and `READ_STORE_UNAVAILABLE`.
   */
  async receive(
    body: AsyncIterable<Uint8Array>,
    { kind, issueCodes, asOf, file }: ImportOptions,
    meta: CommandMeta,
  ): Promise<ChangedImport> {
    const { files } = this.tools;
    const spooled = await files.spool(body);
    const { sha256, bytes } = spooled;
    await files.keep(spooled);
    const id = contentIdOf('import', sha256, kind, String(mappingVersion));
    const dated = asOf !== undefined && { asOf };
    const data = { kind, sha256, bytes, file, mappingVersion, issueCodes, ...dated };
    const evidence = { sha256, ...(file !== null && { file }) };
    const command = new ReceiveImport(data, { ...meta, evidence });
    await this.queue.enqueue(id, kind).catch(nothingImported);
    const result = await this.observer.observe(command, id, () => this.carryOut(id, command));
    return { id, ...result };
  }

  /**
   * What the file would change; nothing is written and the file is not kept. `gone` ends it where nobody
   * waits for the answer any more: what it was aborted with is thrown.
   *
   * Throws what `KeptFiles.spool` and `previewImport` throw, and `PREVIEWS_BUSY`.
   */
  async preview(
    body: AsyncIterable<Uint8Array>,
    options: ImportOptions,
    { key, gone }: PreviewCaller,
  ): Promise<ImportPreview> {
    const { files, registry, maxRows, lookAlikes } = this.tools;
    // Before the file is sent, and again when it is there: a slow sender keeps nobody waiting.
    this.places.check(key);
    const spooled = await files.spool(body);
    try {
      return await this.places.during(key, () =>
        previewImport(registry, spooled.path, { ...options, maxRows, lookAlikes, gone }),
      );
    } finally {
      await files.discard(spooled);
    }
  }

  /**
   * What became of the products of one imported list in another one. Throws `IMPORT_NOT_FOUND`, what
   * `compareImports` throws, and `PREVIEWS_BUSY`: it reads as much as a preview does.
   */
  async compare(
    [before, after]: readonly [string, string],
    { key, gone }: PreviewCaller,
  ): Promise<ImportComparison> {
    const both = [await this.get(before), await this.get(after)] as const;
    return this.places.during(key, () => compareImports(this.tools.files, both, gone));
  }

  /** As the log has it now. Throws `IMPORT_NOT_FOUND`. */
  async get(id: string): Promise<ImportStanding> {
    if (!isId(id)) throw unknownImport(id);
    const { state, revision, position } = await this.tools.imports.refresh(id);
    if (state.status === 'none') throw unknownImport(id);
    return { id, state, revision, position };
  }

  /** Queues a known import for the runners, before a run is requested. Throws `READ_STORE_UNAVAILABLE`. */
  async enqueue(id: string): Promise<void> {
    const { kind } = (await this.get(id)).state.received;
    await this.queue.enqueue(id, kind).catch(nothingImported);
  }

  /** Decides what of an import waits for a person. Throws what `decideReview` throws, and `STREAM_BUSY`. */
  review(
    id: string,
    command: DecideReview,
    options: HandleOptions,
  ): Promise<CommandResult<DecidedReview>> {
    return this.reviews.run(id, () => decideReview(this.tools, id, command, options));
  }

  /**
   * Carries out a command of a person. What requests a run is queued before, by `enqueue`; to cancel
   * needs the log alone: a run that is to be ended is on the list already.
   */
  async carryOut(
    id: string,
    command: ReceiveImport | RetryImport | CancelImport,
    options: HandleOptions = {},
  ): Promise<CommandResult<ReceivedImport>> {
    const { log, imports } = this.tools;
    // The same file sent by many at once is no conflict: each asks for the same run.
    const done = await retryForfeited(() => handleCommand(log, imports, id, command, options));
    const { state } = done;
    if (state.status === 'none') throw new Error('a received import left no import');
    if (command.type !== 'CancelImport') {
      // A runner that claimed it in between found nothing to do and took it off the queue. Where this
      // fails, the runners find the import in the read model a little later.
      await this.queue.enqueue(id, state.received.kind).catch(() => undefined);
      this.runner.wake();
    }
    return { ...done, state };
  }
}

const unknownImport = (id: string) =>
  new Refusal(
    'IMPORT_NOT_FOUND',
    'not-found',
    isId(id)
      ? `there is no import ${id}`
      : `there is no import ${JSON.stringify(id.slice(0, 50))}; the id of an import is a UUID`,
  );
