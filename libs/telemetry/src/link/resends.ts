import { maxAsked, type MissedGap } from './decider.js';

/** After a device was asked once, twice: then it is asked again. */
export const resendPausesMs: readonly number[] = [60_000, 600_000];

export interface ResendsParts {
  /** What is missed of a device now. */
  readonly missed: (device: string) => Promise<readonly MissedGap[]>;
  readonly ask: (device: string, gaps: readonly MissedGap[]) => Promise<void>;
  readonly pausesMs?: readonly number[];
}

/**
 * Asks devices again for what they were asked for and did not send: a few times with growing pauses, and then
 * it stays missed. How often that was is in the log, so that it goes on after a restart.
 */
export class Resends {
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly pausesMs;
  private isStopped = false;

  constructor(private readonly parts: ResendsParts) {
    this.pausesMs = parts.pausesMs ?? resendPausesMs;
  }

  /** Has the device asked later, where something is missed then. */
  schedule(device: string, asked = 1): void {
    if (this.isStopped || this.waiting.has(device)) return;
    const ms = this.pausesMs[Math.max(0, asked - 1)] ?? this.pausesMs.at(-1);
    this.waiting.set(device, setTimeout(() => void this.ask(device), ms).unref());
  }

  stop(): void {
    // A device is being asked, perhaps: that one is not scheduled again.
    this.isStopped = true;
    for (const timer of this.waiting.values()) clearTimeout(timer);
  }

  private async ask(device: string): Promise<void> {
    const open = async (): Promise<readonly MissedGap[]> =>
      (await this.parts.missed(device)).filter(({ asked }) => asked < maxAsked);
    try {
      const gaps = await open();
      if (gaps.length > 0) await this.parts.ask(device, gaps);
      const left = await open();
      this.waiting.delete(device);
      if (left.length > 0) this.schedule(device, Math.min(...left.map(({ asked }) => asked)));
    } catch {
      // The log does not answer: whoever sends meanwhile says so.
      this.waiting.delete(device);
      this.schedule(device);
    }
  }
}
