import { randomUUID } from 'node:crypto';

import { pause } from '#event-log/pause.js';
import { isMissingRelation, isStoreFault } from '#read-store/store-errors.js';

import { JobLease } from './job-lease.js';
import type { ClaimedJob, JobQueue } from './job-queue.js';

/** A job while this process holds its lease. */
export interface Job extends ClaimedJob {
  /** Aborted when the process stops, and when the lease is lost: the job is left as it is. */
  readonly signal: AbortSignal;
  /** Call it before each step that no two processes may do; rejects where the lease is lost. */
  readonly ensureHeld: () => Promise<void>;
}

/**
 * What follows from a run of a job: it is `finished` until somebody requests it again, it is run
 * `again` to see whether somebody did meanwhile, or it is run again after a while.
 */
export type JobEnd = 'finished' | 'again' | { readonly afterMs: number };

export interface JobLogger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface JobRunnerOptions {
  /** How long a lease holds without being renewed; another process may acquire it afterwards. */
  readonly leaseMs?: number;
  /** How often the queue is polled while nobody calls `wake`. */
  readonly pollMs?: number;
}

const repairEveryMs = 30_000;
/** How long a job that failed waits for its next run. */
const failedMs = 5_000;

/**
 * Runs the jobs of a queue that the processes share. Of each kind one runs at a time among all of them:
 * a long job keeps none of another kind waiting.
 */
export class JobRunner {
  private readonly process = `${process.env['HOSTNAME'] ?? 'local'}:${String(process.pid)}`;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly stopping = new AbortController();
  private wakeUp = new AbortController();
  private loops: readonly Promise<void>[] = [];
  private repairedAt = -Infinity;

  constructor(
    private readonly queue: JobQueue,
    private readonly kinds: readonly string[],
    private readonly run: (job: Job) => Promise<JobEnd>,
    private readonly logger: JobLogger,
    { leaseMs = 10_000, pollMs = 2_000 }: JobRunnerOptions = {},
  ) {
    this.leaseMs = leaseMs;
    this.pollMs = pollMs;
  }

  start(): void {
    this.loops = this.kinds.map((kind) => this.runAll(kind));
  }

  /** There is something new in the queue. */
  wake(): void {
    this.wakeUp.abort();
    this.wakeUp = new AbortController();
  }

  /** Ends the current jobs where they are and gives their leases back: another process goes on with them. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await Promise.all(this.loops);
  }

  private async runAll(kind: string): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { signal } = this.wakeUp;
      try {
        await this.repair();
        if (await this.runNext(kind)) continue;
      } catch (error) {
        if (!isStoreFault(error) && !isMissingRelation(error)) {
          this.logger.error({ kind, error }, 'the job runner met an error and goes on');
        }
      }
      await pause(this.pollMs, signal);
    }
  }

  private async repair(): Promise<void> {
    if (performance.now() - this.repairedAt < repairEveryMs) return;
    await this.queue.repair();
    this.repairedAt = performance.now();
  }

  /** False where there is nothing to run. */
  private async runNext(kind: string): Promise<boolean> {
    const { queue, leaseMs, stopping } = this;
    const claimedAt = performance.now();
    const job = await queue.claim(kind, `${this.process}:${randomUUID()}`, leaseMs);
    if (!job) return false;
    const lease = new JobLease(queue, job, leaseMs, claimedAt, stopping.signal);
    const { signal } = lease;
    try {
      const end = await this.run({ ...job, signal, ensureHeld: () => lease.ensure() });
      if (end === 'finished') await queue.finish(job);
      else await queue.release(job, end === 'again' ? 0 : end.afterMs);
    } catch (error) {
      const { id } = job;
      if (signal.aborted) this.logger.info({ kind, id }, 'the job is left to another process');
      else this.logger.error({ kind, id, error }, 'the job failed; it is run again in a while');
      await queue.release(job, signal.aborted ? 0 : failedMs);
    } finally {
      lease.end();
    }
    return true;
  }
}
