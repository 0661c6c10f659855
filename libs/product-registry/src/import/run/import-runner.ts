import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Refusal } from '#kernel/refusal.js';
import { isMissingRelation, isStoreFault } from '#read-store/store-errors.js';

import type { ClaimedImport, ImportWork } from './import-work.js';
import { type RunEnd, runImport, type RunTools } from './run-import.js';

export interface ImportRunnerOptions {
  /** How long a lease holds without being renewed; another process takes over after it. */
  readonly leaseMs?: number;
  /** How often the work list is looked at when nobody calls. */
  readonly pollMs?: number;
}

/** A request that was listed but never appended is forgotten after this long. */
const unappendedSeconds = 600;
const healEveryMs = 30_000;

/**
 * Runs the imports that the API processes share, one at a time in each: at start, when told, and when
 * the process that held an import's lease is gone.
 */
export class ImportRunner {
  private readonly process = `${process.env['HOSTNAME'] ?? 'local'}:${String(process.pid)}`;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly stopping = new AbortController();
  private wakeUp = new AbortController();
  private loop: Promise<void> | undefined;
  private healedAt = -Infinity;
  /** The import that runs here now. */
  private current: string | undefined;

  constructor(
    private readonly tools: RunTools,
    private readonly work: ImportWork,
    options: ImportRunnerOptions = {},
  ) {
    this.leaseMs = options.leaseMs ?? 10_000;
    this.pollMs = options.pollMs ?? 2_000;
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

  running(): string | undefined {
    return this.current;
  }

  private async run(): Promise<void> {
    await this.tools.files.removeLeftovers();
    while (!this.stopping.signal.aborted) {
      try {
        await this.heal();
        const claimed = await this.work.claim(`${this.process}:${randomUUID()}`, this.leaseMs);
        if (claimed) await this.serve(claimed);
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

  private async serve(claimed: ClaimedImport): Promise<void> {
    const lease = new HeldLease(this.work, claimed, this.leaseMs, this.stopping.signal);
    this.current = claimed.importId;
    try {
      const end = await runImport(this.tools, claimed.importId, claimed.owner, lease.signal);
      await this.settle(claimed, end);
    } catch (error) {
      this.note(claimed, error, lease.signal.aborted);
      await this.work.release(claimed, lease.signal.aborted ? 0 : 5_000);
    } finally {
      this.current = undefined;
      lease.end();
    }
  }

  private async settle(claimed: ClaimedImport, end: RunEnd): Promise<void> {
    const { importId } = claimed;
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
        this.tools.logger.error({ importId }, 'the file of an import is not in the data folder');
        return this.work.release(claimed, 30_000);
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
    await sleep(this.pollMs, undefined, { signal: this.wakeUp.signal }).catch(() => undefined);
  }
}

/** Renews a lease while its run goes on; aborts the run when the lease is lost or cannot be renewed in time. */
class HeldLease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewedAt = performance.now();
  private isRenewing = false;
  readonly signal: AbortSignal;

  constructor(
    private readonly work: ImportWork,
    private readonly claimed: ClaimedImport,
    private readonly leaseMs: number,
    stopping: AbortSignal,
  ) {
    this.signal = AbortSignal.any([this.lost.signal, stopping]);
    this.timer = setInterval(() => void this.renew(), leaseMs / 4);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async renew(): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      const asked = performance.now();
      if (await this.work.renew(this.claimed, this.leaseMs)) this.renewedAt = asked;
      else this.lost.abort();
    } catch {
      // While Postgres is away nobody else can take the lease; when it is back, the next try tells.
      if (performance.now() - this.renewedAt > this.leaseMs * 6) this.lost.abort();
    } finally {
      this.isRenewing = false;
    }
  }
}
