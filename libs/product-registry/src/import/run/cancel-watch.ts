import { setTimeout as sleep } from 'node:timers/promises';

import type { ImportStates } from './run-steps.js';

/** How often a run is looked at: whoever cancels it, in whichever process, waits no longer for its end. */
const pollMs = 200;

/** Aborts its signal when somebody cancels the run. Whether it was cancelled while the log is away is seen later. */
export class CancelWatch {
  private readonly cancelled = new AbortController();
  private readonly over = new AbortController();
  readonly signal = this.cancelled.signal;

  constructor(
    private readonly imports: Pick<ImportStates, 'refresh'>,
    private readonly importId: string,
    private readonly run: number,
  ) {
    void this.poll();
  }

  end(): void {
    this.over.abort();
  }

  private async poll(): Promise<void> {
    while (!this.over.signal.aborted && !this.cancelled.signal.aborted) {
      if (await this.isCancelled()) this.cancelled.abort(new Error('the import was cancelled'));
      await sleep(pollMs, undefined, { signal: this.over.signal }).catch(() => undefined);
    }
  }

  private async isCancelled(): Promise<boolean> {
    try {
      const { state } = await this.imports.refresh(this.importId);
      return state.status !== 'none' && state.cancelled >= this.run;
    } catch {
      return false;
    }
  }
}
