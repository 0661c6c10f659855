import { Refusal } from '#kernel/refusal.js';

/** How many commands of one process may wait for one stream, and how long each may. */
const maxWaiting = 256;
const maxWaitMs = 8_000;

export interface QueueBounds {
  readonly maxWaiting?: number;
  readonly maxWaitMs?: number;
}

interface Waiting {
  readonly start: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lets the commands of this process on one stream run one after the other, in the order of their
 * arrival, so that they do not lose races against each other. Streams do not wait for one another, and
 * writers in other processes are met by the expected revision as ever.
 */
export class StreamQueue {
  /** A stream is here while a command of it runs. */
  private readonly lines = new Map<string, Waiting[]>();

  constructor(private readonly bounds: QueueBounds = {}) {}

  /** Throws `STREAM_BUSY` where too many wait already, or this one has waited too long. */
  async run<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(stream);
    if (line) await this.turn(line);
    else this.lines.set(stream, []);
    try {
      return await work();
    } finally {
      this.startNext(stream);
    }
  }

  private async turn(line: Waiting[]): Promise<void> {
    if (line.length >= (this.bounds.maxWaiting ?? maxWaiting)) throw busy();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        line.splice(line.indexOf(waiting), 1);
        reject(busy());
      }, this.bounds.maxWaitMs ?? maxWaitMs);
      const waiting: Waiting = { start: resolve, timer };
      line.push(waiting);
    });
  }

  private startNext(stream: string): void {
    const next = this.lines.get(stream)?.shift();
    if (!next) {
      this.lines.delete(stream);
      return;
    }
    clearTimeout(next.timer);
    next.start();
  }
}

const busy = () =>
  new Refusal(
    'STREAM_BUSY',
    'unavailable',
    'too many changes of this resource wait already; retry with the same key',
    { retryAfterSeconds: 1 },
  );
