import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import type { Lease } from '#read-store/lease.js';

import { Backoff } from '../backoff.js';
import { pollPace } from '../pace.js';
import { controlRevisions } from '../subscription-row.js';
import { carryOutControl, type ControlContext } from './carry-out.js';
import { controlStream } from './events.js';

/** How often the row is polled, and how often the stream though the tail delivered nothing. */
const pollMs = 1_000;
const readMs = 60_000;

export interface ControlLoopContext extends ControlContext {
  readonly tail: Pick<LogTail, 'onEvent'>;
  readonly lease: Lease;
  readonly pollMs?: number;
  /** Something was carried out, by this process or another. */
  readonly onMoved: () => void;
}

/** Follows what operators request of a subscription. One process carries it out; the others see that it was. */
export class ControlLoop {
  /** Something may have been requested since the stream was read. */
  private mayBeRequested = true;
  private readAt = -Infinity;
  /** In which the stream was read last: in another one it may be the stream of another log. */
  private epoch: number | undefined;
  private wake: () => void = () => undefined;

  /** `seen`: the last control event that was carried out before the subscription began to read. */
  constructor(
    private readonly context: ControlLoopContext,
    private seen: bigint,
  ) {}

  private get leaseKey(): string {
    const { name, version } = this.context.follower;
    return `${name}/${String(version)} control`;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { tail, follower } = this.context;
    const stream = controlStream(follower.name);
    const unsubscribe = tail.onEvent((event) => {
      if (event.stream !== stream) return;
      this.mayBeRequested = true;
      this.wake();
    });
    const backoff = new Backoff(500);
    while (!signal.aborted) {
      try {
        await this.poll(signal);
        backoff.reset();
        await this.untilRequested(signal);
      } catch (error) {
        this.logFailure(error, signal);
        await backoff.wait(signal);
      }
    }
    unsubscribe();
  }

  private logFailure(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const fields = { subscription: this.context.follower.name, err: error };
    this.context.logger.warn(fields, 'what was requested cannot be carried out yet');
  }

  private async untilRequested(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.wake = resolve));
    if (this.mayBeRequested) return;
    const { store, pollMs: ownMs } = this.context;
    const due = ownMs === undefined ? pollPace(store).next(pollMs, signal) : pause(ownMs, signal);
    await Promise.race([woken, due]);
  }

  private async poll(signal: AbortSignal): Promise<void> {
    const { store, follower, lease, log } = this.context;
    const { epoch } = log;
    const isDue =
      this.mayBeRequested || this.epoch !== epoch || performance.now() - this.readAt >= readMs;
    // What is requested from here on is read at the next poll.
    this.mayBeRequested = false;
    if (isDue && (await lease.acquire(this.leaseKey))) {
      this.readAt = performance.now();
      await carryOutControl(this.context, signal).catch((error: unknown) => {
        this.mayBeRequested = true;
        throw error;
      });
      this.epoch = epoch;
    }
    const revision = await controlRevisions(store).of(follower);
    if (revision === undefined || revision === this.seen) return;
    this.seen = revision;
    this.context.onMoved();
  }
}
