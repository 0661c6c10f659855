import type { ClaimedJob, JobQueue } from './job-queue.js';

/**
 * Renews the lease of a job while it runs; aborts the job when the lease is lost or cannot be renewed in
 * time. Whether it still holds is decided by this machine's monotonic clock, which runs on while the
 * process is frozen.
 */
export class JobLease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewal: Promise<void> | undefined;
  readonly signal: AbortSignal;

  constructor(
    private readonly queue: Pick<JobQueue, 'renew'>,
    private readonly job: ClaimedJob,
    private readonly leaseMs: number,
    /** When the lease was claimed, by `performance.now()`: it holds from then on, or longer. */
    private renewedAt: number,
    stopping: AbortSignal,
  ) {
    this.signal = AbortSignal.any([this.lost.signal, stopping]);
    this.timer = setInterval(() => {
      // While Postgres is away nobody else can take the lease; when it is back, the next try shows.
      this.renew().catch(() => {
        if (performance.now() - this.renewedAt > this.leaseMs * 6) this.lost.abort();
      });
    }, leaseMs / 4);
  }

  /**
   * Resolves while the lease holds, renewing it first where its time has passed. Rejects where it is
   * lost, and with the store's fault where that cannot be found out.
   */
  async ensure(): Promise<void> {
    this.signal.throwIfAborted();
    while (performance.now() - this.renewedAt >= this.leaseMs) {
      await this.renew();
      this.signal.throwIfAborted();
    }
  }

  end(): void {
    clearInterval(this.timer);
  }

  private renew(): Promise<void> {
    this.renewal ??= this.renewNow().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async renewNow(): Promise<void> {
    const began = performance.now();
    if (await this.queue.renew(this.job, this.leaseMs)) this.renewedAt = began;
    else this.lost.abort();
  }
}
