import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventLog } from '#event-log/event-log.js';
import type { LogTail } from '#event-log/log-tail.js';
import { Lease } from '#read-store/lease.js';
import type { ReadStore, StoreLogger } from '#read-store/read-store.js';

import { Awaited, parseWanted, waitingChannel } from './awaited.js';
import type { OwnPartition } from './checkpoints.js';
import { claimSubscription } from './claim.js';
import type { ControlContext } from './control/carry-out.js';
import { ControlLoop } from './control/control-loop.js';
import type { Follower } from './follower.js';
import { Notes } from './notes.js';
import { gatherPace } from './pace.js';
import type { PartitionListener } from './partition-listener.js';
import { PartitionWorker } from './partition-worker.js';
import {
  type Partition,
  partitionKey,
  type Scope,
  type Sink,
  type Source,
  type SourceContext,
} from './source.js';
import { StatusCollector, type SubscriptionStatus } from './status.js';
import type { Counts } from './step.js';

const stopMs = 5_000;

export interface SubscriptionObserver {
  counted(subscription: string, counts: Counts): void;
  /** An attempt failed. */
  failed(subscription: string): void;
}

export interface SubscriptionParts {
  readonly store: ReadStore;
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly logger?: StoreLogger;
  readonly observer?: SubscriptionObserver;
  /** Shared with others, which close it; else the runner has its own. */
  readonly lease?: Lease;
  /** How often requests are polled, in milliseconds. */
  readonly pollMs?: number;
}

/**
 * Runs one subscription on one source, until it is stopped. Any number of processes may run the same
 * one: no event is handled twice.
 */
export class SubscriptionRunner<T> {
  /** Resolves when it does nothing any more: with an error where only a new process helps. */
  readonly ended: Promise<Error | undefined>;
  private end: (error: Error | undefined) => void = () => undefined;
  private readonly holder = randomUUID();
  private readonly stopping = new AbortController();
  private readonly workers = new Map<string, PartitionWorker<T>>();
  private readonly collector: StatusCollector;
  private readonly logger: StoreLogger;
  private readonly lease: Lease;
  private readonly counted = new Set<string>();
  private readonly awaited = new Awaited();
  private running: Promise<unknown> = Promise.resolve();
  private moves = 0;

  constructor(
    readonly follower: Follower<T>,
    private readonly source: Source<T>,
    private readonly parts: SubscriptionParts,
  ) {
    const { store, logger = store.logger } = parts;
    this.logger = logger;
    this.lease = parts.lease ?? new Lease(store.url, logger);
    this.collector = new StatusCollector(follower.name, follower.kind, source.name);
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /**
   * Waits for the store; for the log too where it has to know what was requested of the subscription. The
   * schema must be migrated. Rejects with `SubscriptionRefused`, and with what `scopes` fails by.
   */
  async start(): Promise<void> {
    const { signal } = this.stopping;
    const deaf = this.lease.listen(waitingChannel, (payload) => {
      this.wake(payload);
    });
    signal.addEventListener('abort', deaf, { once: true });
    try {
      const seen = await claimSubscription(this.controlContext, signal);
      this.running = Promise.all([
        this.runSource(),
        this.controlLoop(seen).run(signal),
        this.notes().keep(signal),
      ]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  status(): SubscriptionStatus {
    return this.collector.status();
  }

  /** Finishes the batch in hand and releases the partitions; after 5 s they are left as they are. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const inOrder = await Promise.race([
      this.running.then(() => true),
      sleep(stopMs, false, { ref: false }),
    ]);
    const { name: subscription } = this.follower;
    if (!inOrder) this.logger.warn({ subscription }, 'the subscription does not stop in order');
    if (!this.parts.lease) await this.lease.close();
    this.end(undefined);
  }

  private get controlContext(): ControlContext {
    const { store, log } = this.parts;
    const { logger, counted, source } = this;
    const follower = this.follower as Follower<unknown>;
    return { store, log, follower, logger, counted, source: source.name };
  }

  private controlLoop(seen: bigint): ControlLoop {
    const { tail, pollMs } = this.parts;
    return new ControlLoop(
      {
        ...this.controlContext,
        ...{ tail, lease: this.lease },
        ...(pollMs !== undefined && { pollMs }),
        onMoved: () => {
          this.moves += 1;
        },
      },
      seen,
    );
  }

  private notes(): Notes {
    const { collector, workers, logger } = this;
    const { name, version } = this.follower;
    const persist = async (): Promise<void> => {
      await Promise.all([...workers.values()].map((worker) => worker.persist()));
    };
    return new Notes({
      store: this.parts.store,
      key: { name, version },
      collector,
      logger,
      persist,
    });
  }

  private async runSource(): Promise<void> {
    const { collector, source, follower } = this;
    try {
      await source.run(this.sourceContext, this.stopping.signal);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.logger.error(
        { subscription: follower.name, err: error },
        'the subscription cannot go on',
      );
      this.stopping.abort();
      this.end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      collector.connected(false);
    }
  }

  private get sourceContext(): SourceContext<T> {
    const { follower, collector, lease, logger } = this;
    const { store, log } = this.parts;
    return {
      ...{ subscription: follower.name, cure: follower.cure },
      ...{ store, log, lease, logger, status: collector, sink: this.sink() },
      scopes: async () => {
        const scopes = await follower.scopes();
        collector.scopes = namesOf(scopes);
        return scopes;
      },
      read: (event, scope) => follower.read(event, scope),
      level: async (scope, catchUp) => {
        await follower.level?.(scope, catchUp);
      },
    };
  }

  private sink(): Sink<T> {
    const moves = (): number => this.moves;
    return {
      get moves() {
        return moves();
      },
      open: (partition, signal) => this.workerOf(partition).open(signal),
      take: async (delivery, signal) => {
        const taken = this.workerOf(delivery).take(delivery, signal);
        if (delivery.end !== undefined) this.collector.ends(delivery, delivery.end);
        return taken;
      },
      rest: (partition) => this.rest(partition),
      isAwaited: (offset) => this.awaited.behind(offset),
      release: (partition) => this.release(partition),
      ends: (partition, end) => {
        this.collector.ends(partition, end);
      },
    };
  }

  private async rest(partition: Partition): Promise<void> {
    const worker = this.workers.get(partitionKey(partition));
    if (worker?.isAwaited) await worker.persist();
  }

  /** A reader waits: what was gathered is taken now, and what was passed over is written down. */
  private wake(payload: string): void {
    const wanted = parseWanted(payload);
    if (wanted?.subscription !== this.follower.name) return;
    this.awaited.hear(wanted.commit);
    gatherPace(this.parts.store).wake();
    // What fails here is tried again with the next note.
    for (const worker of this.workers.values())
      if (worker.isAwaited) worker.persist().catch(() => undefined);
  }

  private async release(partition: Partition): Promise<void> {
    const key = partitionKey(partition);
    const worker = this.workers.get(key);
    if (!worker) return;
    this.workers.delete(key);
    this.collector.left(partition);
    await worker.release().catch((error: unknown) => {
      this.logger.warn({ ...partition, err: error }, 'a partition could not be released in order');
    });
  }

  private workerOf({ scope, partition }: Partition): PartitionWorker<T> {
    const key = partitionKey({ scope, partition });
    const known = this.workers.get(key);
    if (known) return known;
    const { follower, holder, logger } = this;
    const own: OwnPartition = {
      ...{ subscription: follower.name, source: this.source.name, scope, partition },
    };
    const isAwaited = (offset: bigint): boolean => this.awaited.behind(offset);
    const { store } = this.parts;
    const context = { store, follower, holder, logger, listener: this.listener, isAwaited };
    const worker = new PartitionWorker<T>(context, own);
    this.workers.set(key, worker);
    return worker;
  }

  private get listener(): PartitionListener {
    const { collector, follower } = this;
    const { observer } = this.parts;
    return {
      counted: (counts) => observer?.counted(follower.name, counts),
      failed: () => observer?.failed(follower.name),
      moved: (own, to, recordedAt) => {
        collector.moved(own, to, recordedAt);
      },
      paused: (own) => {
        collector.paused(own);
      },
      waits: (own, reason) => {
        collector.waits(own.scope, reason);
      },
    };
  }
}

/** A subscription as its process keeps it running, whatever its events are. */
export type RunningSubscription = Pick<
  SubscriptionRunner<unknown>,
  'start' | 'stop' | 'ended' | 'status'
>;

const namesOf = (scopes: readonly Scope[]): readonly string[] => scopes.map(({ name }) => name);
