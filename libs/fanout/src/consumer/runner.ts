import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { pause } from '#event-log/pause.js';
import { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';
import { isStoreFault } from '#read-store/store-errors.js';

import type { Consumer } from '../consumer.js';
import {
  type Delivery,
  type Partition,
  partitionKey,
  type Place,
  type Sink,
  type Transport,
} from '../transport/transport.js';
import { Board } from './board.js';
import { claimConsumer } from './claim-consumer.js';
import { noteState } from './consumer-row.js';
import type { ControlContext } from './control.js';
import { ControlLoop, type ControlLoopContext } from './control-loop.js';
import type { FactCounts } from './handle-step.js';
import { PartitionFeed } from './partition-feed.js';
import { noteEnds, type OwnPartition } from './places.js';
import type { ConsumerStatus } from './status.js';

/** How often the table learns how the consumer is: where something changed, and at all. */
const noteMs = 1_000;
const signOfLifeMs = 5_000;
const stopMs = 5_000;

export interface ConsumerObserver {
  counted(consumer: string, counts: FactCounts): void;
  /** An attempt failed. */
  failed(consumer: string): void;
}

export interface ConsumerParts {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly logger?: StoreLogger;
  readonly observer?: ConsumerObserver;
}

/**
 * Runs one consumer on one transport, until it is stopped. Any number of processes may run the same
 * consumer: no fact is handled twice.
 */
export class ConsumerRunner {
  /** Resolves when it does nothing any more: with an error where only a new process helps, which then ends. */
  readonly ended: Promise<Error | undefined>;
  private end: (error: Error | undefined) => void = () => undefined;
  private readonly holder = randomUUID();
  private readonly stopping = new AbortController();
  private readonly feeds = new Map<string, PartitionFeed>();
  private readonly counted = new Set<string>();
  private readonly board: Board;
  private readonly logger: StoreLogger;
  private readonly lease: Lease;
  private running: Promise<unknown> = Promise.resolve();
  private moves = 0;

  constructor(
    private readonly consumer: Consumer,
    private readonly transport: Transport,
    private readonly parts: ConsumerParts,
  ) {
    const { store, logger = store.logger } = parts;
    this.logger = logger;
    this.lease = new Lease(store.url, logger);
    this.board = new Board(consumer.name, transport.name, consumer.topics);
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /**
   * Waits for the store; for the log too where it has to know what was asked of the consumer. The schema
   * must be migrated. Rejects with `ConsumerRefused`.
   */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    try {
      const { controlContext, consumer, transport } = this;
      const seen = await claimConsumer(controlContext, consumer.topics, transport, signal);
      this.running = Promise.all([
        this.transportRun(),
        this.controlLoop(seen).run(signal),
        this.note(),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  status(): ConsumerStatus {
    return this.board.status();
  }

  /** Finishes the batch in hand and puts the partitions down; after 5 s they are left as they are. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const inOrder = await Promise.race([
      this.running.then(() => true),
      sleep(stopMs, false, { ref: false }),
    ]);
    const { name: consumer } = this.consumer;
    if (!inOrder) this.logger.warn({ consumer }, 'the consumer does not stop in order');
    await this.lease.close();
    this.end(undefined);
  }

  private get controlContext(): ControlContext {
    const { store, log } = this.parts;
    const { consumer, logger, counted, transport } = this;
    return { store, log, consumer, logger, counted, transport: transport.name };
  }

  private controlLoop(seen: bigint): ControlLoop {
    const context: ControlLoopContext = {
      ...this.controlContext,
      tail: this.parts.tail,
      lease: this.lease,
      onMoved: () => {
        this.moves += 1;
      },
    };
    return new ControlLoop(context, seen);
  }

  private async transportRun(): Promise<void> {
    const { consumer, logger, board, lease } = this;
    const { name, topics } = consumer;
    const { store, log } = this.parts;
    const context = {
      consumer: name,
      log,
      topics,
      sink: this.sink(),
      report: board,
      store,
      lease,
      logger,
    };
    try {
      await this.transport.run(context, this.stopping.signal);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.logger.error({ consumer: name, err: error }, 'the consumer cannot go on');
      this.stopping.abort();
      this.end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      board.connected(false);
    }
  }

  private sink(): Sink {
    const moves = (): number => this.moves;
    return {
      get moves() {
        return moves();
      },
      place: (partition, signal) => this.feedOf(partition).open(signal),
      take: (delivery, signal) => this.take(delivery, signal),
      putDown: (partition) => this.putDown(partition),
      ends: (partition, end) => {
        this.board.ends(partition, end);
      },
    };
  }

  private take(delivery: Delivery, signal: AbortSignal): Promise<Place> {
    const taken = this.feedOf(delivery).take(delivery, signal);
    if (delivery.end !== undefined) this.board.ends(delivery, delivery.end);
    return taken;
  }

  private async putDown(partition: Partition): Promise<void> {
    const key = partitionKey(partition);
    const feed = this.feeds.get(key);
    if (!feed) return;
    this.feeds.delete(key);
    this.board.left(partition);
    await feed.putDown().catch((error: unknown) => {
      this.logger.warn({ ...partition, err: error }, 'a partition could not be put down in order');
    });
  }

  private feedOf({ topic, partition }: Partition): PartitionFeed {
    const key = partitionKey({ topic, partition });
    const known = this.feeds.get(key);
    if (known) return known;
    const { consumer, holder, logger, board } = this;
    const { store, observer } = this.parts;
    const { name } = consumer;
    const own: OwnPartition = { consumer: name, topic, partition, transport: this.transport.name };
    const told = {
      counted: (counts: FactCounts) => observer?.counted(name, counts),
      failed: () => observer?.failed(name),
      stands: (_: OwnPartition, place: Place, recordedAt?: string) => {
        board.stands(own, place, recordedAt);
      },
      waits: (_: OwnPartition, reason: string | undefined) => {
        board.waits(key, reason);
      },
    };
    const feed = new PartitionFeed({ store, consumer, holder, logger, told }, own);
    this.feeds.set(key, feed);
    return feed;
  }

  /** Tells the table how the consumer is. Best effort: nothing waits for it. */
  private async note(): Promise<void> {
    const { signal } = this.stopping;
    let noted = -1;
    let notedAt = -Infinity;
    while (!signal.aborted) {
      const { changes } = this.board;
      if (changes !== noted || performance.now() - notedAt >= signOfLifeMs) {
        const done = await this.noteNow();
        if (done) [noted, notedAt] = [changes, performance.now()];
      }
      await pause(noteMs, signal);
    }
    this.board.waits('process', 'its process was stopped');
    await this.noteNow();
  }

  private async noteNow(): Promise<boolean> {
    try {
      for (const feed of this.feeds.values()) await feed.persist();
      await noteState(this.parts.store, this.board.status());
      await noteEnds(this.parts.store.pool, this.consumer.name, this.board.seenEnds());
      return true;
    } catch (error) {
      if (!isStoreFault(error)) {
        const { name: consumer } = this.consumer;
        this.logger.warn({ consumer, err: error }, 'the consumer could not be noted');
      }
      return false;
    }
  }
}
