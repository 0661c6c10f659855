import { type MessagePort, Worker } from 'node:worker_threads';

import { type EventLog, LogUnavailable, type Position } from '#event-log/event-log.js';

import { Partitioner } from '../cluster/partitioner.js';
import type { Publication } from '../fact.js';
import { type Batch, type BatchLimits, type BatchSource, LogBatches } from './batches.js';
import { pack, type PackedBatch, unpack } from './packed-batch.js';
import { decodePosition, encodePosition, type RelayPosition } from './position-record.js';

// Reading and mapping the log takes about as much of a processor as writing to Kafka does.

/** Requests the next batch of a source; the first request carries the position at which the source begins. */
interface Request {
  readonly source: number;
  readonly begin: Uint8Array | undefined;
  readonly limits: BatchLimits;
}

interface Answer {
  readonly source: number;
  readonly batch?: PackedBatch | undefined;
  /** Through which the log was read. */
  readonly position?: Position | undefined;
  /** Of the thread's log, when it answered. */
  readonly epoch: number;
  /** What it failed by, for people. */
  readonly failure?: string;
}

/** In the thread: cuts a batch at each request, and one ahead. */
export const serveBatches = (
  port: MessagePort,
  log: Pick<EventLog, 'readAll' | 'epoch'>,
  publication: Publication,
): void => {
  const parts = { log, publication, partitioner: new Partitioner() };
  let batches: LogBatches | undefined;
  let ahead: Promise<Batch | undefined> | undefined;

  const answer = async ({ source, begin, limits }: Request): Promise<void> => {
    try {
      if (begin) {
        batches = new LogBatches(parts, decodePosition(Buffer.from(begin)));
        ahead = undefined;
      }
      const from = batches;
      const batch = await (ahead ?? from?.next(limits));
      if (batches !== from) return;
      ahead = batch && from?.next(limits);
      ahead?.catch(() => undefined);
      const [packed, values] = batch ? pack(batch) : [undefined, []];
      const { epoch } = log;
      port.postMessage({ source, batch: packed, position: from?.position, epoch }, values);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      port.postMessage({ source, failure, epoch: log.epoch });
    }
  };

  port.on('message', (request: Request) => void answer(request));
};

/** A thread that cuts batches, for as long as the process runs. */
export class BatchThread {
  private readonly worker: Worker;
  private sources = 0;
  private stopping = false;
  private epoch = 0;
  private waiting: ((answer: Answer) => void) | undefined;

  /** `script` calls `serveBatches`; `data` is its `workerData`. A thread that ends ends the process. */
  constructor(script: URL | string, data: unknown) {
    this.worker = new Worker(script, { workerData: data });
    this.worker.on('message', (answer: Answer) => {
      this.epoch = answer.epoch;
      // A source that was given up waits for nothing any more.
      if (answer.source === this.sources) this.waiting?.(answer);
    });
    this.worker.on('error', (error) => {
      throw error;
    });
    this.worker.on('exit', (code) => {
      if (!this.stopping)
        throw new Error(`the thread that reads the log ended with ${String(code)}`);
    });
  }

  /** Batches after a position; the source before is of no use any more. */
  source(position: RelayPosition): BatchSource {
    const source = (this.sources += 1);
    let begin: Uint8Array | undefined = encodePosition(position);
    let read: Position | undefined;
    const epoch = () => this.epoch;
    return {
      next: async (limits) => {
        const request: Request = { source, begin, limits };
        begin = undefined;
        const answer = await new Promise<Answer>((resolve) => {
          this.waiting = resolve;
          this.worker.postMessage(request);
        });
        read = answer.position;
        if (answer.failure !== undefined) throw new LogUnavailable(answer.failure);
        return answer.batch && unpack(answer.batch);
      },
      get position() {
        return read;
      },
      get epoch() {
        return epoch();
      },
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.worker.terminate();
  }
}
