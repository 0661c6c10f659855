import { type MessagePort, Worker } from 'node:worker_threads';

import { type EventLog, LogUnavailable, type Position } from '#event-log/event-log.js';
import { PageReader } from '#subscription/page-reader.js';

import type { Publication } from '../fact.js';
import { pack, type PackedPortion, unpack } from './packed-portion.js';
import {
  pageLimits,
  Placement,
  type Portion,
  type PortionFeed,
  type PortionLimits,
  Portions,
} from './portions.js';
import { decodePosition, encodePosition, type RelayPosition } from './position-record.js';

// Reading and mapping the log takes about as much of a processor as writing to Kafka does.

type Asking =
  | {
      readonly ask: 'begin';
      readonly feed: number;
      readonly position: Uint8Array;
      readonly limits: PortionLimits;
    }
  | { readonly ask: 'limit'; readonly feed: number; readonly limits: PortionLimits }
  | { readonly ask: 'next'; readonly feed: number };

interface Answer {
  readonly feed: number;
  readonly portion?: PackedPortion | undefined;
  /** How far the log was read. */
  readonly position?: Position | undefined;
  /** Of the thread's log, when it answered. */
  readonly epoch: number;
  /** What it failed by, for people. */
  readonly failure?: string;
}

/** In the thread: cuts portions as it is asked to, one ahead of what was asked for. */
export const servePortions = (
  port: MessagePort,
  log: Pick<EventLog, 'readAll' | 'epoch'>,
  publication: Publication,
): void => {
  const placement = new Placement();
  let serving: { readonly feed: number; readonly portions: Portions } | undefined;
  let ahead: Promise<Portion | undefined> | undefined;

  const begin = (feed: number, position: Uint8Array, limits: PortionLimits): void => {
    const reader = new PageReader(log, undefined, pageLimits);
    const source = { reader, publication, placement };
    serving = {
      feed,
      portions: new Portions(source, decodePosition(Buffer.from(position)), limits),
    };
    ahead = undefined;
  };

  const answerNext = async (feed: number, portions: Portions): Promise<void> => {
    try {
      const portion = await (ahead ?? portions.next());
      if (serving?.feed !== feed) return;
      ahead = portion && portions.next();
      ahead?.catch(() => undefined);
      const [packed, handedOver] = portion ? pack(portion) : [undefined, []];
      const { position } = portions;
      port.postMessage({ feed, portion: packed, position, epoch: log.epoch }, handedOver);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      port.postMessage({ feed, failure, epoch: log.epoch });
    }
  };

  port.on('message', (asking: Asking) => {
    if (asking.ask === 'begin') begin(asking.feed, asking.position, asking.limits);
    else if (serving?.feed !== asking.feed) return;
    else if (asking.ask === 'limit') serving.portions.limit(asking.limits);
    else void answerNext(asking.feed, serving.portions);
  });
};

/** A thread that cuts portions, for as long as the process runs. */
export class PortionThread {
  private readonly worker: Worker;
  private feeds = 0;
  private stopping = false;
  private current: ThreadFeed | undefined;
  private epoch = 0;

  /** `script` calls `servePortions`; `data` is its `workerData`. A thread that ends ends the process. */
  constructor(script: URL | string, data: unknown) {
    this.worker = new Worker(script, { workerData: data });
    this.worker.on('message', (answer: Answer) => {
      this.epoch = answer.epoch;
      this.current?.hear(answer);
    });
    this.worker.on('error', (error) => {
      throw error;
    });
    this.worker.on('exit', (code) => {
      if (!this.stopping)
        throw new Error(`the thread that reads the log ended with ${String(code)}`);
    });
  }

  /** Portions after a position; the feed before is of no use any more. */
  feed(position: RelayPosition, limits: PortionLimits): PortionFeed {
    this.feeds += 1;
    const ask = (asking: Asking): void => this.worker.postMessage(asking);
    this.current = new ThreadFeed(this.feeds, ask, () => this.epoch);
    ask({ ask: 'begin', feed: this.feeds, position: encodePosition(position), limits });
    return this.current;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.worker.terminate();
  }
}

class ThreadFeed implements PortionFeed {
  position: Position | undefined;
  private waiting:
    | {
        readonly resolve: (portion: Portion | undefined) => void;
        readonly reject: (error: Error) => void;
      }
    | undefined;

  constructor(
    private readonly feed: number,
    private readonly ask: (asking: Asking) => void,
    private readonly epochOf: () => number,
  ) {}

  get epoch(): number {
    return this.epochOf();
  }

  next(): Promise<Portion | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.ask({ ask: 'next', feed: this.feed });
    });
  }

  limit(limits: PortionLimits): void {
    this.ask({ ask: 'limit', feed: this.feed, limits });
  }

  hear({ feed, portion, position, failure }: Answer): void {
    const { waiting } = this;
    if (feed !== this.feed || !waiting) return;
    this.waiting = undefined;
    this.position = position;
    if (failure === undefined) waiting.resolve(portion && unpack(portion));
    else waiting.reject(new LogUnavailable(failure));
  }
}
