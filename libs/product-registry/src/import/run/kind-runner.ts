import { randomUUID } from 'node:crypto';

import { pause } from '#event-log/pause.js';
import { Refusal } from '#kernel/refusal.js';
import { isMissingRelation, isStoreFault } from '#read-store/store-errors.js';

import type { ImportKind } from '../events.js';
import { HeldLease } from './held-lease.js';
import type { ClaimedImport, ImportWork } from './import-work.js';
import { type RunEnd, runImport, type RunTools } from './run-import.js';

export interface ImportRunnerOptions {
  /** How long a lease holds without being renewed; another process takes over after it. */
  readonly leaseMs?: number;
  /** How often the work list is looked at when nobody calls. */
  readonly pollMs?: number;
  /** How long an import whose file is missing is put off before it is looked for again. */
  readonly missingMs?: number;
}

/** A request that was listed but never appended is forgotten after this long. */
const unappendedSeconds = 600;
const healEveryMs = 30_000;
/** How often the file of an import is looked for before the import fails. */
const fileTries = 3;

/**
 * Runs imports of one kind that the API processes share, one at a time among them all: at start, when
 * told, and when the process that held an import's lease is gone.
 */
export class KindRunner {
  private readonly process = `${process.env['HOSTNAME'] ?? 'local'}:${String(process.pid)}`;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly missingMs: number;
  /** How often the files of imports were looked for here in vain. */
  private readonly missing = new Map<string, number>();
  private readonly stopping = new AbortController();
  private wakeUp = new AbortController();
  private loop: Promise<void> | undefined;
  private healedAt = -Infinity;

  constructor(
    private readonly kind: ImportKind,
    private readonly tools: RunTools,
    private readonly work: ImportWork,
    options: ImportRunnerOptions,
  ) {
    this.leaseMs = options.leaseMs ?? 10_000;
    this.pollMs = options.pollMs ?? 2_000;
    this.missingMs = options.missingMs ?? 5_000;
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** There is something new on the list. */
  wake(): void {
    this.wakeUp.abort();
  }

  /** Ends the current run where it is and gives its lease back: another process goes on with it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.heal();
        const asked = performance.now();
        const owner = `${this.process}:${randomUUID()}`;
        const claimed = await this.work.claim(this.kind, owner, this.leaseMs);
        if (claimed) await this.serve(claimed, asked);
        else await this.pause();
      } catch (error) {
        if (!isStoreFault(error) && !isMissingRelation(error)) {
          this.tools.logger.error({ error }, 'the import runner met an error; it goes on');
        }
        await this.pause();
      }
    }
  }

  private async heal(): Promise<void> {
    if (performance.now() - this.healedAt < healEveryMs) return;
    try {
      await this.work.heal();
    } catch (error) {
      // The read model is not built yet; the work list itself is what counts.
      if (!isMissingRelation(error)) throw error;
    }
    this.healedAt = performance.now();
  }

  private async serve(claimed: ClaimedImport, asked: number): Promise<void> {
    const { importId, owner } = claimed;
    const lease = new HeldLease(this.work, claimed, this.leaseMs, asked, this.stopping.signal);
    try {
      const end = await runImport(this.tools, importId, owner, lease.signal, {
        ensureHeld: () => lease.ensure(),
        isLastLook: (this.missing.get(importId) ?? 0) >= fileTries - 1,
      });
      await this.settle(claimed, end);
    } catch (error) {
      this.note(claimed, error, lease.signal.aborted);
      await this.work.release(claimed, lease.signal.aborted ? 0 : 5_000);
    } finally {
      lease.end();
    }
  }

  private async settle(claimed: ClaimedImport, end: RunEnd): Promise<void> {
    const { importId } = claimed;
    const looks = (this.missing.get(importId) ?? 0) + 1;
    if (end === 'file-missing') this.missing.set(importId, looks);
    else this.missing.delete(importId);
    switch (end) {
      case 'done':
        // Looked at once more: somebody may have asked for another run meanwhile.
        return this.work.release(claimed, 0);
      case 'nothing-to-do':
        return this.work.finish(claimed);
      case 'not-received':
        // The request was listed and is about to be appended, or its process died in between.
        return (await this.work.waitingSeconds(claimed)) > unappendedSeconds
          ? this.work.finish(claimed)
          : this.work.release(claimed, 1_000);
      case 'file-missing':
        this.tools.logger.error(
          { importId, looks },
          'the file of an import is not in the data folder',
        );
        return this.work.release(claimed, this.missingMs);
    }
  }

  private note({ importId }: ClaimedImport, error: unknown, isAborted: boolean): void {
    const isExpected = isAborted || (error instanceof Refusal && error.code === 'RUNNER_REPLACED');
    if (isExpected) this.tools.logger.info({ importId }, 'import run left to another runner');
    else this.tools.logger.error({ importId, error }, 'import run broke off; it goes on later');
  }

  private async pause(): Promise<void> {
    this.wakeUp = new AbortController();
    if (this.stopping.signal.aborted) return;
    await pause(this.pollMs, this.wakeUp.signal);
  }
}
