/** Limits of a `KeyedQueue`. */
export interface KeyedQueueOptions {
  /** Tasks at the same time. */
  readonly concurrency: number;
  /** Tasks that were added and have not ended; `add` waits beyond it. */
  readonly window: number;
}

/**
 * Runs tasks of one key in order and one at a time, tasks of different keys side by side.
 *
 * A task that throws stops the queue: what has not begun is dropped, and `add` and `drained` reject
 * with that error.
 */
export class KeyedQueue {
  private readonly waiting = new Map<string, (() => Promise<void>)[]>();
  private readonly ready: string[] = [];
  private readonly busy = new Set<string>();
  private pending = 0;
  private failure: { readonly error: unknown } | undefined;
  private wakers: (() => void)[] = [];

  constructor(private readonly options: KeyedQueueOptions) {}

  async add(key: string, task: () => Promise<void>): Promise<void> {
    while (this.pending >= this.options.window && !this.failure) await this.change();
    this.throwFailure();
    this.pending += 1;
    const queue = this.waiting.get(key);
    if (queue) queue.push(task);
    else {
      this.waiting.set(key, [task]);
      if (!this.busy.has(key)) this.ready.push(key);
    }
    this.fill();
  }

  /** Resolves when everything that was added has ended. */
  async drained(): Promise<void> {
    while ((this.pending > 0 && !this.failure) || this.busy.size > 0) await this.change();
    this.throwFailure();
  }

  private fill(): void {
    while (this.busy.size < this.options.concurrency && !this.failure) {
      const key = this.ready.shift();
      if (key === undefined) return;
      const queue = this.waiting.get(key);
      const task = queue?.shift();
      if (queue?.length === 0) this.waiting.delete(key);
      if (task) void this.run(key, task);
    }
  }

  private async run(key: string, task: () => Promise<void>): Promise<void> {
    this.busy.add(key);
    try {
      await task();
    } catch (error) {
      this.failure ??= { error };
    }
    this.busy.delete(key);
    this.pending -= 1;
    if (this.waiting.has(key)) this.ready.push(key);
    this.fill();
    const { wakers } = this;
    this.wakers = [];
    for (const wake of wakers) wake();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wakers.push(resolve);
    });
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }
}
