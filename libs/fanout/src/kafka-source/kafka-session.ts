import { setTimeout as sleep } from 'node:timers/promises';

import type { Consumer as KafkaConsumer, EachBatchPayload, Kafka } from 'kafkajs';

import { type Partition, type SourceContext, Undecodable } from '#subscription/source.js';

import type { Fact } from '../fact.js';
import { type KafkaSettings, named } from '../kafka.js';
import { foreignFact } from './foreign-fact.js';
import { Assignments, type AssignmentsParts } from './kafka-assignments.js';
import { aborted, withHeartbeats } from './kafka-heartbeats.js';
import {
  type Assigned,
  type Cursor,
  isLastRecord,
  itemOf,
  moveNext,
  otherRecord,
} from './kafka-partition.js';

/** What a poll may bring: the broker gives a larger record alone. */
const maxBytesPerPartition = 1024 * 1024;
const maxBytes = 8 * 1024 * 1024;
const maxWaitMs = 500;
const closeMs = 4_000;
/** For so long the group waits for a member to finish what it has in hand. */
export const rebalanceTimeoutMs = 60_000;

/** Why a session is over. */
export type SessionEnd =
  /** It was stopped, or other topics have to be read. */
  | { readonly kind: 'stopped' }
  /** A new session may go on. */
  | { readonly kind: 'broken'; readonly error: Error }
  /** Only a new process may. */
  | { readonly kind: 'fatal'; readonly error: Error };

interface KafkaPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface SessionParts extends Pick<AssignmentsParts, 'extents' | 'stop'> {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings;
  readonly context: SourceContext<Fact>;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
}

/** One membership of the consumer's group, from joining it to leaving it. */
export class KafkaSession {
  readonly assignments: Assignments;
  /** Something was handled, or is known to be all there is. */
  progressed = false;
  private joined = false;
  private busy = false;
  private lastFetchAt = performance.now();
  private mayRestart = false;
  private readonly ending = new AbortController();
  private end: (end: SessionEnd) => void = () => undefined;
  private readonly ended: Promise<SessionEnd>;
  private readonly plainNames: ReadonlyMap<string, string>;
  private readonly consumer: KafkaConsumer;

  constructor(private readonly parts: SessionParts) {
    const { settings, context, topics, extents } = parts;
    this.plainNames = new Map(topics.map((topic) => [named(settings, topic), topic]));
    this.ended = new Promise((resolve) => {
      this.end = (end) => {
        this.ending.abort();
        resolve(end);
      };
    });
    this.consumer = this.kafkaConsumer(parts);
    this.assignments = new Assignments({
      ...{ context, extents, ending: this.ending.signal },
      seek: ({ scope, partition }, offset) => {
        const topic = named(settings, scope);
        this.consumer.seek({ topic, partition, offset: String(offset) });
        this.consumer.resume([{ topic, partitions: [partition] }]);
      },
      pause: ({ scope, partition }) => {
        this.consumer.pause([{ topic: named(settings, scope), partitions: [partition] }]);
      },
      stop: (own, reason) => {
        this.stop(own, reason);
      },
      fail: (error) => {
        this.end({ kind: 'fatal', error });
      },
    });
  }

  /** Joins the group and handles what comes, until it is over; then leaves the group. Never rejects. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    void aborted(signal).then(() => this.leave());
    this.listen();
    const joining = this.join().catch((error: unknown) => {
      this.end({ kind: 'broken', error: error as Error });
    });
    const end = await this.ended;
    await this.close(joining);
    return end;
  }

  /** Ends the session, so that another one reads what has to be read now. */
  leave(): void {
    this.end({ kind: 'stopped' });
  }

  /** The client does not fetch any more, or not all there is. */
  breakOff(reason: string): void {
    this.end({ kind: 'broken', error: new Error(reason) });
  }

  get isMember(): boolean {
    return this.joined && !this.ending.signal.aborted;
  }

  get isBusy(): boolean {
    return this.busy;
  }

  /** For how long nothing was fetched, in milliseconds, while nothing was handled either. */
  get silentMs(): number {
    return this.busy ? 0 : performance.now() - this.lastFetchAt;
  }

  /** The group's own offsets, for those who inspected there: nothing is read from them. */
  async commit(): Promise<void> {
    const offsets = this.assignments.all.flatMap(({ scope, partition, cursor }) => {
      if (!cursor || cursor.check || cursor.next === cursor.committed) return [];
      cursor.committed = cursor.next;
      const offset = cursor.next.toString();
      return [{ topic: named(this.parts.settings, scope), partition, offset }];
    });
    if (offsets.length > 0) await this.consumer.commitOffsets(offsets).catch(() => undefined);
  }

  private kafkaConsumer({ kafka, settings, context, sessionTimeoutMs }: SessionParts) {
    return kafka.consumer({
      groupId: named(settings, context.subscription),
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.min(3_000, Math.floor(sessionTimeoutMs / 3)),
      rebalanceTimeout: rebalanceTimeoutMs,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      ...{ maxBytesPerPartition, maxBytes, maxWaitTimeInMs: maxWaitMs },
      retry: {
        ...{ initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
        // Asked only where the client would restart itself; a session is never restarted, but replaced.
        restartOnFailure: () => {
          this.mayRestart = true;
          return Promise.resolve(false);
        },
      },
    });
  }

  private async join(): Promise<void> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.plainNames.keys()], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.onBatch(payload),
    });
  }

  private listen(): void {
    const { consumer, assignments } = this;
    const { GROUP_JOIN, FETCH, START_BATCH_PROCESS, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.onJoin(payload.memberAssignment);
    });
    consumer.on(FETCH, () => {
      this.lastFetchAt = performance.now();
    });
    consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      // Nothing but markers and aborted records: the client moves behind them without a word.
      if (payload.batchSize > 0) return;
      const assigned = assignments.of(this.ownOf(payload));
      // What was fetched before the cursor was taken anew lies elsewhere.
      if (assigned?.cursor && payload.firstOffset === String(assigned.cursor.next)) {
        moveNext(assigned, assigned.cursor, BigInt(payload.lastOffset) + 1n);
      }
    });
    consumer.on(CRASH, ({ payload: { error } }) => {
      this.end({ kind: this.mayRestart ? 'broken' : 'fatal', error });
    });
  }

  private ownOf({ topic, partition }: KafkaPartition): Partition {
    return { scope: this.plainNames.get(topic) ?? topic, partition };
  }

  /** Called before anything is fetched in the new generation of the group. */
  private onJoin(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.joined = true;
    this.lastFetchAt = performance.now();
    this.parts.context.status.connected(true);
    this.assignments.replace(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => this.ownOf({ topic, partition })),
      ),
    );
  }

  /** Rejects only with what the client has to know: that the group is rebalancing, or lost it. */
  private async onBatch(payload: EachBatchPayload): Promise<void> {
    const assigned = this.assignments.of(this.ownOf(payload.batch));
    if (!assigned || this.ending.signal.aborted || payload.isStale()) return;
    this.busy = true;
    const heartbeat = (): Promise<void> => payload.heartbeat();
    try {
      await withHeartbeats(heartbeat, this.ending.signal, async (signal) => {
        await Promise.race([assigned.sought, aborted(signal)]);
        // What was fetched before the cursor was taken lies elsewhere.
        if (signal.aborted || payload.isStale()) return;
        if (!assigned.cursor) return;
        await this.handle(payload, assigned, assigned.cursor, signal).catch((error: unknown) => {
          // The client would try again; what is rejected here does not pass by that.
          if (!signal.aborted) this.end({ kind: 'fatal', error: error as Error });
        });
      });
    } finally {
      this.busy = false;
      this.lastFetchAt = performance.now();
    }
  }

  private async handle(
    payload: EachBatchPayload,
    assigned: Assigned,
    cursor: Cursor,
    signal: AbortSignal,
  ): Promise<void> {
    const { batch } = payload;
    const { scope, partition } = assigned;
    // Of the client's class, not of its types.
    const from = BigInt((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);
    if (from !== cursor.next) {
      // The client went elsewhere by itself: to the start of a topic that has the offset no longer.
      this.assignments.seekAgain(assigned);
      return;
    }
    const messages = cursor.check
      ? batch.messages
      : batch.messages.filter(({ offset }) => BigInt(offset) >= cursor.checkpoint.nextOffset);
    const items = messages.map((message) => itemOf(assigned, message));
    if (cursor.check && !isLastRecord(cursor.checkpoint, items[0])) {
      this.stop(assigned, otherRecord(cursor));
      return;
    }
    if (!assigned.isOurs) {
      const foreign = await foreignFact(this.parts.context, scope, items, signal);
      if (signal.aborted) return;
      if (foreign !== undefined) {
        this.stop(assigned, foreign);
        return;
      }
      assigned.isOurs = items.some(({ payload: fact }) => !(fact instanceof Undecodable));
    }
    const last = batch.lastOffset();
    const through = { nextOffset: BigInt(last) + 1n };
    const { sink } = this.parts.context;
    const delivery = { scope, partition, from, items, count: items.length, through };
    const taken = await sink.take(delivery, signal);
    if (signal.aborted) return;
    if (!taken || taken.nextOffset < through.nextOffset) {
      // Moved or paused by another process.
      this.assignments.seekAgain(assigned);
      return;
    }
    cursor.checkpoint = taken;
    cursor.check = false;
    this.progressed = true;
    payload.resolveOffset(last);
    moveNext(assigned, cursor, through.nextOffset);
  }

  private stop(own: Partition, reason: string): void {
    this.parts.stop(own, reason);
    this.leave();
  }

  private async close(joining: Promise<void>): Promise<void> {
    const { status, logger } = this.parts.context;
    status.connected(false);
    // A client that is stopped while it joins does not notice, and stays a member for ever.
    const left = joining
      .then(() => this.consumer.disconnect())
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'the group could not be left in order');
      });
    await Promise.race([left, sleep(closeMs, undefined, { ref: false })]);
    await this.assignments.clear();
  }
}
