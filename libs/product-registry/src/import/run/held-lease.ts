import type { ClaimedImport, ImportWork } from './import-work.js';

/**
 * Renews a lease while its run goes on; aborts the run when the lease is lost or cannot be renewed in
 * time. Whether it still holds is told by this machine's monotonic clock, which runs on while the
 * process is frozen.
 */
export class HeldLease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewal: Promise<void> | undefined;
  readonly signal: AbortSignal;

  constructor(
    private readonly work: Pick<ImportWork, 'renew'>,
    private readonly claimed: ClaimedImport,
    private readonly leaseMs: number,
    /** When the lease was asked for, by `performance.now()`: it holds from then on, or longer. */
    private renewedAt: number,
    stopping: AbortSignal,
  ) {
    this.signal = AbortSignal.any([this.lost.signal, stopping]);
    this.timer = setInterval(() => {
      // While Postgres is away nobody else can take the lease; when it is back, the next try tells.
      this.renew().catch(() => {
        if (performance.now() - this.renewedAt > this.leaseMs * 6) this.lost.abort();
      });
    }, leaseMs / 4);
  }

  /**
   * Resolves while the lease holds, renewing it first where its time has passed. Rejects where it is
   * lost, and with the store's fault where that cannot be told.
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
    this.renewal ??= this.askAgain().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async askAgain(): Promise<void> {
    const asked = performance.now();
    if (await this.work.renew(this.claimed, this.leaseMs)) this.renewedAt = asked;
    else this.lost.abort();
  }
}
