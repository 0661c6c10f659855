import { pause } from '#event-log/pause.js';

/** One run of a subscription; `SubscriptionRunner` is one. */
export interface Run {
  /** Resolves when it works, rejects where it must not start. */
  start(): Promise<void>;
  /** Resolves when it ended: with the error where nobody stopped it. */
  readonly ended: Promise<Error | undefined>;
  stop(): Promise<void>;
}

export interface KeepOptions {
  /** Called with each failure, repeated ones too. */
  readonly onFailure?: (name: string, failure: Error) => void;
  readonly logger?: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** After so long one that failed is started anew, in milliseconds; two seconds unless given. */
  readonly retryMs?: number;
}

const defaultRetryMs = 2_000;

/**
 * Keeps one subscription running. Where it is refused, or ends by an error, it is started anew after a
 * while: an operator may have reset it, and the others of the process go on meanwhile.
 */
export class KeptRunning<R extends Run> {
  /** The last one that was begun. */
  run: R | undefined;
  /** Why it does not run; undefined while it does. */
  failure: Error | undefined;
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly make: () => R,
    private readonly options: KeepOptions = {},
  ) {}

  /** Resolves when it runs, or has failed for the first time. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.ended = this.keepRunning(resolve);
    });
  }

  /** Resolves when the batch in hand is done. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.run?.stop();
    await this.ended;
  }

  private async keepRunning(tried: () => void): Promise<void> {
    const { signal } = this.stopping;
    const { retryMs = defaultRetryMs } = this.options;
    while (!signal.aborted) {
      const failure = await this.runOnce(tried);
      if (failure) this.fail(failure);
      tried();
      await pause(retryMs, signal);
    }
  }

  private async runOnce(started: () => void): Promise<Error | undefined> {
    let run: R | undefined;
    try {
      run = this.run = this.make();
      await run.start();
      if (this.failure)
        this.options.logger?.info({ subscription: this.name }, 'the subscription runs again');
      this.failure = undefined;
      started();
      return await run.ended;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      await run?.stop();
    }
  }

  private fail(failure: Error): void {
    if (this.stopping.signal.aborted) return;
    const { logger, onFailure } = this.options;
    if (this.failure?.message !== failure.message) {
      const fields = { subscription: this.name, error: failure };
      logger?.error(fields, 'the subscription does not run and is tried every few seconds');
    }
    this.failure = failure;
    onFailure?.(this.name, failure);
  }
}
