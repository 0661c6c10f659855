import { setMaxListeners } from 'node:events';

import { pause } from '#event-log/pause.js';
import { Refusal } from '#kernel/refusal.js';
import type { CheckResult } from '#observability/health.js';

import type { UpTopic } from './topics.js';

/** A message of a device, as it came. */
export interface Inbound extends UpTopic {
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether somebody still waits for the acknowledgement. Who does not gets none and sends it again. */
  readonly isAwaited: () => boolean;
}

export interface InboxHandler {
  /** Resolves when all that the messages of this one device say is durable. Called again with those that it did not take. */
  take(device: string, messages: readonly Inbound[]): Promise<void>;
  /** Keeps a message that `take` refuses for good. */
  refuse(message: Inbound, refusal: Refusal): Promise<void>;
}

export interface InboxOptions {
  /** How long the first message of a batch waits for others. */
  readonly gatherMs?: number;
  readonly maxMessages?: number;
  readonly maxBytes?: number;
  /** Devices whose messages are appended at the same time. */
  readonly maxRunning?: number;
  readonly onWaiting?: (device: string, error: unknown) => void;
  readonly onBatch?: (messages: number, seconds: number) => void;
}

const defaults = { gatherMs: 5, maxMessages: 200, maxBytes: 512 * 1024, maxRunning: 32 };
const firstRetryMs = 100;
const maxRetryMs = 5_000;

interface Entry {
  readonly message: Inbound;
  readonly settle: (isTaken: boolean) => void;
}

/**
 * Gathers the messages of each device into short batches, so that one append carries many. Those of one
 * device are taken in their order. It bounds nothing by itself: a connection puts in no more than it may
 * have unacknowledged.
 */
export class Inbox {
  private readonly waiting = new Map<string, Entry[]>();
  private readonly turns: (() => void)[] = [];
  private readonly stopping = new AbortController();
  private readonly options;
  private running = 0;
  private held = 0;
  private failing = 0;
  private lastFailure = '';

  constructor(
    private readonly handler: InboxHandler,
    options: InboxOptions = {},
  ) {
    this.options = { ...defaults, ...options };
    // Each device whose messages are held waits for it.
    setMaxListeners(0, this.stopping.signal);
  }

  /** Messages that are not acknowledged yet. */
  get size(): number {
    return this.held;
  }

  /** Down while messages cannot be taken, with the reason of the last try. */
  health(): CheckResult {
    if (this.failing === 0) return { status: 'up' };
    const reason = `messages of ${String(this.failing)} devices cannot be taken and are held: ${this.lastFailure}`;
    return { status: 'down', reason };
  }

  /** Resolves with true when the message is durable, with false where it is not to be acknowledged. */
  put(message: Inbound): Promise<boolean> {
    if (this.stopping.signal.aborted) return Promise.resolve(false);
    this.held += 1;
    return new Promise((resolve) => {
      const settle = (isTaken: boolean): void => {
        this.held -= 1;
        resolve(isTaken);
      };
      const entries = this.waiting.get(message.device);
      if (entries) entries.push({ message, settle });
      else {
        this.waiting.set(message.device, [{ message, settle }]);
        void this.serve(message.device);
      }
    });
  }

  /** What is not taken by now is not acknowledged. */
  stop(): void {
    this.stopping.abort();
  }

  private async serve(device: string): Promise<void> {
    await pause(this.options.gatherMs);
    for (;;) {
      const batch = this.next(device);
      if (batch.length === 0) break;
      await this.turn();
      try {
        await this.take(device, batch);
      } finally {
        this.running -= 1;
        this.turns.shift()?.();
      }
    }
    this.waiting.delete(device);
  }

  private async turn(): Promise<void> {
    if (this.running >= this.options.maxRunning) {
      await new Promise<void>((resolve) => this.turns.push(resolve));
    }
    this.running += 1;
  }

  private next(device: string): Entry[] {
    const { maxMessages, maxBytes } = this.options;
    const entries = this.waiting.get(device) ?? [];
    let [count, bytes] = [0, 0];
    for (const { message } of entries) {
      bytes += message.payload.length;
      if (count > 0 && (count === maxMessages || bytes > maxBytes)) break;
      count += 1;
    }
    return entries.splice(0, count);
  }

  /** Until all of the batch is durable, or nobody waits for it any more. */
  private async take(device: string, batch: readonly Entry[]): Promise<void> {
    const { onWaiting, onBatch } = this.options;
    let isFailing = false;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(2 * retryMs, maxRetryMs)) {
      const awaited = batch.filter(({ message }) => message.isAwaited());
      const isOver = awaited.length === 0 || this.stopping.signal.aborted;
      try {
        const started = performance.now();
        if (!isOver) await this.attempt(device, awaited);
        if (!isOver) onBatch?.(awaited.length, (performance.now() - started) / 1_000);
        if (isFailing) this.failing -= 1;
        for (const entry of batch) entry.settle(!isOver && awaited.includes(entry));
        return;
      } catch (error) {
        if (!isFailing) this.failing += 1;
        isFailing = true;
        this.lastFailure = error instanceof Error ? error.message : String(error);
        onWaiting?.(device, error);
        await pause(retryMs, this.stopping.signal);
      }
    }
  }

  /** One that is refused for good must not hold up the others. */
  private async attempt(device: string, entries: readonly Entry[]): Promise<void> {
    const messages = entries.map(({ message }) => message);
    try {
      await this.handler.take(device, messages);
    } catch (error) {
      if (!(error instanceof Refusal) || isForNow(error)) throw error;
      if (messages.length > 1) {
        for (const entry of entries) await this.attempt(device, [entry]);
      } else for (const message of messages) await this.handler.refuse(message, error);
    }
  }
}

/** Refused because of what the store cannot do at the moment. */
export const isForNow = ({ kind, code }: Refusal): boolean =>
  ['unavailable', 'insufficient-storage', 'too-many', 'timed-out'].includes(kind) ||
  code === 'CONCURRENT_CHANGE' ||
  code === 'STORE_ACCESS_DENIED';
