import { pause } from '#event-log/pause.js';

/** Waits between tries, longer each time, until `reset`. */
export class Backoff {
  private ms: number;

  constructor(
    private readonly firstMs = 50,
    private readonly lastMs = 5_000,
  ) {
    this.ms = firstMs;
  }

  reset(): void {
    this.ms = this.firstMs;
  }

  /** How long to wait before the next try, in milliseconds. */
  next(): number {
    const { ms } = this;
    this.ms = Math.min(ms * 2, this.lastMs);
    return ms;
  }

  async wait(signal: AbortSignal): Promise<void> {
    await pause(this.next(), signal);
  }
}
