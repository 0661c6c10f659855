import type { Kafka } from 'kafkajs';

import { pause } from '#event-log/pause.js';
import { Backoff } from '#subscription/backoff.js';
import type { Checkpoint, Partition, Source, SourceContext } from '#subscription/source.js';

import { describeFailure } from '../cluster/failures.js';
import { type Partition as Found, Topics } from '../cluster/topics.js';
import type { Fact } from '../fact.js';
import { kafkaClient, type KafkaLogger, type KafkaSettings } from '../kafka.js';
import { kafkaAway } from './kafka-assignments.js';
import { type Assigned, type Extent, problemOf } from './kafka-partition.js';
import { KafkaSession, rebalanceTimeoutMs, type SessionEnd } from './kafka-session.js';

const tickMs = 1_000;
const pollMs = 2_000;
/** An inspection that takes longer is shown as no answer. */
const lateMs = 5_000;
/** So many sessions without progress, one after the other, and only a new process may help. */
const maxUnproductive = 5;

export interface KafkaReaderOptions {
  /** After so long without a sign of life the group gives a process's partitions to another, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** How long a partition may stand still before its end until the connection is made anew, in milliseconds. */
  readonly stallMs: number;
}

const defaults: KafkaReaderOptions = { sessionTimeoutMs: 30_000, stallMs: 60_000 };

/** What the broker was last found to have of each topic; undefined: the topic is not there. */
type Inspected = ReadonlyMap<string, ReadonlyMap<number, Extent> | undefined>;

/** Reads a consumer's topics: one session after the other, each supervised. */
export class KafkaReader {
  private readonly options: KafkaReaderOptions;
  /** Topics that need an operator, and how often the consumer had been moved when they were stopped. */
  private readonly stops = new Map<string, number>();
  private topics: Topics | undefined;
  private polledAt = -Infinity;

  constructor(
    private readonly kafka: Kafka,
    private readonly settings: KafkaSettings,
    private readonly context: SourceContext<Fact>,
    private readonly names: readonly string[],
    options: Partial<KafkaReaderOptions>,
  ) {
    this.options = { ...defaults, ...options };
  }

  /** Rejects where only a new process may help. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.readOn(signal);
    } finally {
      await this.closeTopics();
    }
  }

  private async readOn(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(200, 10_000);
    let unproductive = 0;
    while (!signal.aborted) {
      const topics = await this.readyTopics(signal);
      if (topics.length === 0) {
        await pause(tickMs, signal);
        continue;
      }
      const { end, progressed } = await this.runSession(topics, signal);
      if (end.kind === 'fatal') throw end.error;
      unproductive = progressed ? 0 : unproductive + (end.kind === 'broken' ? 1 : 0);
      if (end.kind === 'stopped') continue;
      this.context.logger.warn({ err: end.error, unproductive }, 'the session is renewed');
      if (unproductive >= maxUnproductive) {
        throw new Error(`${String(maxUnproductive)} sessions without progress`, {
          cause: end.error,
        });
      }
      if (progressed) backoff.reset();
      await backoff.wait(signal);
    }
  }

  private async runSession(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly end: SessionEnd; readonly progressed: boolean }> {
    const session = new KafkaSession({
      kafka: this.kafka,
      settings: this.settings,
      context: this.context,
      topics,
      sessionTimeoutMs: this.options.sessionTimeoutMs,
      extents: async (topic) => (await this.inspect([topic])).get(topic),
      stop: (own, reason) => {
        this.stop(own, reason);
      },
    });
    const over = new AbortController();
    const watching = this.watch(session, topics, AbortSignal.any([signal, over.signal]));
    const end = await session.run(signal);
    over.abort();
    await watching;
    return { end, progressed: session.progressed };
  }

  /** Topics that are there and may be read. Says of the others why not. */
  private async readyTopics(signal: AbortSignal): Promise<readonly string[]> {
    const { status, logger, subscription } = this.context;
    try {
      return this.ready(await this.inspect(this.names));
    } catch (error) {
      if (signal.aborted) return [];
      await this.closeTopics();
      logger.warn({ subscription, err: error }, 'the subscription waits for Kafka');
      status.connected(false);
      this.waits(describeFailure(error));
      return [];
    }
  }

  /** Until a topic is inspected again. */
  private waits(why: string): void {
    const { status } = this.context;
    for (const topic of this.names) status.waits(topic, `${kafkaAway}: ${why}`);
  }

  private ready(inspected: Inspected): readonly string[] {
    const { status, sink } = this.context;
    return this.names.filter((topic) => {
      if (this.stops.get(topic) === sink.moves) return false;
      this.stops.delete(topic);
      status.stopped(topic, undefined);
      const isThere = inspected.get(topic) !== undefined;
      status.waits(topic, isThere ? undefined : `the topic ${topic} is not there`);
      return isThere;
    });
  }

  private stop({ scope: topic, partition }: Partition, reason: string): void {
    const { sink, status, logger, subscription } = this.context;
    this.stops.set(topic, sink.moves);
    const problem = `partition ${String(partition)}: ${reason}`;
    status.stopped(
      topic,
      `${problem}; once you know why: voltrace subscriptions reset ${subscription} --to start`,
    );
    const err = new Error(`${topic}, ${problem}`);
    logger.error({ subscription, err }, 'the topic is not read until the subscription is reset');
  }

  /** Supervises a session until `signal` aborts: a client can be silent because it is quiet, or because it is dead. */
  private async watch(
    session: KafkaSession,
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    let { moves } = this.context.sink;
    while (!signal.aborted) {
      await pause(tickMs, signal);
      const late = setTimeout(() => this.waits('it takes long'), lateMs);
      try {
        if (this.context.sink.moves !== moves) {
          ({ moves } = this.context.sink);
          for (const assigned of session.assignments.all) session.assignments.seekAgain(assigned);
        }
        await this.tick(session, topics, signal);
      } catch (error) {
        const { logger, subscription } = this.context;
        logger.warn({ subscription, err: error }, 'the ends of the topics cannot be inspected');
        this.waits(describeFailure(error));
        await this.closeTopics();
      } finally {
        clearTimeout(late);
      }
    }
  }

  private async tick(
    session: KafkaSession,
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { stallMs } = this.options;
    const allowedMs = session.isMember ? stallMs : stallMs + rebalanceTimeoutMs;
    if (session.silentMs > allowedMs) session.breakOff('nothing is fetched');
    if (!session.isBusy) {
      for (const assigned of session.assignments.all) await session.assignments.pass(assigned);
    }
    await session.commit();
    if (performance.now() - this.polledAt < pollMs || signal.aborted) return;
    const before = new Map(session.assignments.all.map((own) => [own, own.cursor?.checkpoint]));
    const inspected = await this.inspect(this.names);
    this.polledAt = performance.now();
    if (this.ready(inspected).join() === topics.join())
      this.compare(session, topics, inspected, before);
    else session.leave();
  }

  /** How far the consumer is from the ends; a partition that cannot be read on stops its topic. */
  private compare(
    session: KafkaSession,
    topics: readonly string[],
    inspected: Inspected,
    before: ReadonlyMap<Assigned, Checkpoint | undefined>,
  ): void {
    const { sink, status } = this.context;
    const assigned = session.assignments.all;
    for (const own of assigned) {
      const { scope: topic, partition, cursor, movedAt } = own;
      const extent = inspected.get(topic)?.get(partition);
      if (!cursor || !extent) continue;
      // Facts were taken while the broker answered: an end that was seen before they were written
      // tells nothing about them, nor a beginning that was seen after.
      const checkpoint = before.get(own);
      const problem =
        checkpoint && problemOf(cursor.checkpoint, extent) && problemOf(checkpoint, extent);
      if (problem !== undefined) {
        this.stop(own, problem);
        session.leave();
        return;
      }
      sink.ends({ scope: topic, partition }, extent.high);
      const stoodMs = session.isBusy ? 0 : performance.now() - movedAt;
      if (cursor.next < extent.high && stoodMs > this.options.stallMs) {
        session.breakOff(`${topic}/${String(partition)} stands still before its end`);
      }
    }
    if (!session.isMember) return;
    for (const topic of topics) {
      const isFollowed = assigned.some(({ scope, isPaused }) => scope === topic && !isPaused);
      if (!isFollowed) status.idle(topic);
    }
    const isLevel = assigned.every(({ scope, partition, cursor }) => {
      const high = inspected.get(scope)?.get(partition)?.high;
      return cursor !== undefined && high !== undefined && cursor.next >= high;
    });
    if (isLevel) session.progressed = true;
  }

  private async inspect(topics: readonly string[]): Promise<Inspected> {
    const found = await (await this.connected()).inspect(topics);
    return new Map([...found].map(([topic, partitions]) => [topic, extentsOf(partitions)]));
  }

  private async connected(): Promise<Topics> {
    this.topics ??= await Topics.connect(this.kafka, {
      ...this.settings,
      KAFKA_RETENTION_MS: -1,
      KAFKA_REPLICATION_FACTOR: -1,
      KAFKA_MIN_INSYNC_REPLICAS: -1,
    });
    return this.topics;
  }

  private async closeTopics(): Promise<void> {
    const { topics } = this;
    this.topics = undefined;
    await topics?.close();
  }
}

const extentsOf = (
  partitions: readonly Found[] | undefined,
): ReadonlyMap<number, Extent> | undefined =>
  partitions &&
  new Map(partitions.map(({ partition, low, high }) => [partition, { low, high }] as const));

/** Apache Kafka as the source of a consumer: each topic is a scope. */
export const kafkaSource = (
  settings: KafkaSettings,
  logger: KafkaLogger,
  options: Partial<KafkaReaderOptions> = {},
): Source<Fact> => ({
  name: 'kafka',
  run: async (context, signal) => {
    const topics = (await context.scopes()).map(({ name }) => name);
    const kafka = kafkaClient(settings, `voltrace-${context.subscription}`, logger);
    await new KafkaReader(kafka, settings, context, topics, options).run(signal);
  },
});
