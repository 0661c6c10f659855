import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import type { Lease } from '#read-store/lease.js';

import { Backoff } from '../backoff.js';
import { readConsumer } from './consumer-row.js';
import { carryOutControl, type ControlContext } from './control.js';
import { consumerStream } from './events.js';

/** How often the row is looked at, and how often the stream though the tail said nothing. */
const lookMs = 1_000;
const readMs = 15_000;

export interface ControlLoopContext extends ControlContext {
  readonly tail: Pick<LogTail, 'onEvent'>;
  readonly lease: Lease;
  /** The places were moved, by this process or another. */
  readonly onMoved: () => void;
}

/** Follows what operators ask of a consumer. One process carries it out; the others see that it was. */
export class ControlLoop {
  /** Something may have been asked since the stream was read. */
  private asked = true;
  private readAt = -Infinity;
  /** In which the stream was read last: in another one it may be the stream of another log. */
  private epoch: number | undefined;
  private wake: () => void = () => undefined;

  /** `seen`: the last control event that was carried out before the consumer began to read. */
  constructor(
    private readonly context: ControlLoopContext,
    private seen: bigint,
  ) {}

  private get leaseKey(): string {
    return `consumer ${this.context.consumer.name} control`;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { tail, consumer } = this.context;
    const stream = consumerStream(consumer.name);
    const unhear = tail.onEvent((event) => {
      if (event.stream !== stream) return;
      this.asked = true;
      this.wake();
    });
    const backoff = new Backoff(500);
    while (!signal.aborted) {
      try {
        await this.look(signal);
        backoff.reset();
        await this.untilAsked(signal);
      } catch (error) {
        this.tell(error, signal);
        await backoff.wait(signal);
      }
    }
    unhear();
  }

  private async untilAsked(signal: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.wake = resolve));
    if (!this.asked) await Promise.race([woken, pause(lookMs, signal)]);
  }

  private tell(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const { logger, consumer } = this.context;
    const fields = { consumer: consumer.name, err: error };
    logger.warn(fields, 'what was asked of the consumer cannot be carried out yet');
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { store, consumer, lease, log } = this.context;
    const { epoch } = log;
    const isDue = this.asked || this.epoch !== epoch || performance.now() - this.readAt >= readMs;
    // What is asked from here on is read at the next look.
    this.asked = false;
    if (isDue && (await lease.acquire(this.leaseKey))) {
      this.readAt = performance.now();
      await carryOutControl(this.context, signal).catch((error: unknown) => {
        this.asked = true;
        throw error;
      });
      this.epoch = epoch;
    }
    const row = await readConsumer(store, consumer.name);
    if (!row || row.controlRevision === this.seen) return;
    this.seen = row.controlRevision;
    this.context.onMoved();
  }
}
