import type { Kafka } from 'kafkajs';

import { pause } from '#event-log/pause.js';

import { Backoff } from '../backoff.js';
import { describeFailure } from '../cluster/failures.js';
import { type Partition as Found, Topics } from '../cluster/topics.js';
import type { KafkaSettings } from '../kafka.js';
import { DeadTopicWriter } from './dead-topic.js';
import { kafkaAway } from './kafka-assignments.js';
import { type Assigned, type Extent, problemOf } from './kafka-partition.js';
import { KafkaSession, rebalanceTimeoutMs, type SessionEnd } from './kafka-session.js';
import type { Partition, Place, TransportContext } from './transport.js';

const tickMs = 1_000;
const lookMs = 2_000;
/** A look that takes longer counts as no answer, for those who look at the status. */
const lateMs = 5_000;
/** So many sessions without progress, one after the other, and only a new process may help. */
const maxFruitless = 5;

export interface KafkaReaderOptions {
  /** After so long without a sign of life the group gives a process's partitions to another, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** How long a partition may stand still before its end until the connection is made anew, in milliseconds. */
  readonly stallMs: number;
}

const defaults: KafkaReaderOptions = { sessionTimeoutMs: 30_000, stallMs: 60_000 };

/** What the broker was last found to have of each topic; undefined: the topic is not there. */
type Look = ReadonlyMap<string, ReadonlyMap<number, Extent> | undefined>;

/** Reads a consumer's topics: one session after the other, each looked after. */
export class KafkaReader {
  private readonly options: KafkaReaderOptions;
  /** Topics that need an operator, and how often the consumer had been moved when they were stopped. */
  private readonly stops = new Map<string, number>();
  private topics: Topics | undefined;
  private session: KafkaSession | undefined;
  private lookedAt = -Infinity;

  constructor(
    private readonly kafka: Kafka,
    private readonly settings: KafkaSettings,
    private readonly context: TransportContext,
    options: Partial<KafkaReaderOptions>,
  ) {
    this.options = { ...defaults, ...options };
  }

  /** Rejects where only a new process may help. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const dead = this.deadTopic().run(AbortSignal.any([signal, ending.signal]));
    try {
      await this.readOn(signal);
    } finally {
      ending.abort();
      await dead;
      await this.closeTopics();
    }
  }

  private deadTopic(): DeadTopicWriter {
    return new DeadTopicWriter({
      kafka: this.kafka,
      settings: this.settings,
      context: this.context,
      assigned: () => this.session?.assignments.all ?? [],
      ensure: async (topic) => (await this.connected()).ensureDead(topic),
    });
  }

  private async readOn(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(200, 10_000);
    let fruitless = 0;
    while (!signal.aborted) {
      const topics = await this.readyTopics(signal);
      if (topics.length === 0) {
        await pause(tickMs, signal);
        continue;
      }
      const { end, progressed } = await this.runSession(topics, signal);
      if (end.kind === 'fatal') throw end.error;
      fruitless = progressed ? 0 : fruitless + (end.kind === 'broken' ? 1 : 0);
      if (end.kind === 'asked') continue;
      this.context.logger.warn({ err: end.error, fruitless }, 'the session is renewed');
      if (fruitless >= maxFruitless) {
        throw new Error(`${String(maxFruitless)} sessions without progress`, { cause: end.error });
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
      extents: async (topic) => (await this.look([topic])).get(topic),
      stop: (own, reason) => {
        this.stop(own, reason);
      },
    });
    this.session = session;
    const over = new AbortController();
    const watching = this.watch(session, topics, AbortSignal.any([signal, over.signal]));
    const end = await session.run(signal);
    over.abort();
    await watching;
    this.session = undefined;
    return { end, progressed: session.progressed };
  }

  /** Topics that are there and may be read. Says of the others why not. */
  private async readyTopics(signal: AbortSignal): Promise<readonly string[]> {
    const { topics, report, logger, consumer } = this.context;
    try {
      return this.ready(await this.look(topics));
    } catch (error) {
      if (signal.aborted) return [];
      await this.closeTopics();
      logger.warn({ consumer, err: error }, 'the consumer waits for Kafka');
      report.connected(false);
      this.waits(describeFailure(error));
      return [];
    }
  }

  /** Until a topic was looked at again. */
  private waits(why: string): void {
    const { topics, report } = this.context;
    for (const topic of topics) report.waits(topic, `${kafkaAway}: ${why}`);
  }

  private ready(look: Look): readonly string[] {
    const { topics, report, sink } = this.context;
    return topics.filter((topic) => {
      if (this.stops.get(topic) === sink.moves) return false;
      this.stops.delete(topic);
      report.stopped(topic, undefined);
      const isThere = look.get(topic) !== undefined;
      report.waits(topic, isThere ? undefined : `the topic ${topic} is not there`);
      return isThere;
    });
  }

  private stop({ topic, partition }: Partition, reason: string): void {
    const { sink, report, logger, consumer } = this.context;
    this.stops.set(topic, sink.moves);
    const place = `partition ${String(partition)}: ${reason}`;
    report.stopped(
      topic,
      `${place}; once you know why: voltrace consumers reset ${consumer} --to start`,
    );
    const err = new Error(`${topic}, ${place}`);
    logger.error({ consumer, err }, 'the topic is not read on until the consumer is reset');
  }

  /** Looks after a session until `signal` aborts: a client can be silent because it is quiet, or because it is dead. */
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
          for (const assigned of session.assignments.all) session.assignments.aimAnew(assigned);
        }
        await this.tick(session, topics, signal);
      } catch (error) {
        const { logger, consumer } = this.context;
        logger.warn({ consumer, err: error }, 'how far the topics go cannot be looked at');
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
    const patienceMs = session.isMember ? stallMs : stallMs + rebalanceTimeoutMs;
    if (session.silentMs > patienceMs) session.breakOff('nothing is fetched');
    if (!session.isBusy) {
      for (const assigned of session.assignments.all) await session.assignments.pass(assigned);
    }
    await session.commit();
    if (performance.now() - this.lookedAt < lookMs || signal.aborted) return;
    const before = new Map(session.assignments.all.map((own) => [own, own.aim?.place]));
    const look = await this.look(this.context.topics);
    this.lookedAt = performance.now();
    if (this.ready(look).join() === topics.join()) this.compare(session, topics, look, before);
    else session.leave();
  }

  /** How far the consumer is from the ends; a partition that cannot be read on stops its topic. */
  private compare(
    session: KafkaSession,
    topics: readonly string[],
    look: Look,
    before: ReadonlyMap<Assigned, Place | undefined>,
  ): void {
    const { sink, report } = this.context;
    const assigned = session.assignments.all;
    for (const own of assigned) {
      const { topic, partition, aim, movedAt } = own;
      const extent = look.get(topic)?.get(partition);
      if (!aim || !extent) continue;
      // Facts were taken while the broker was asked: an end that was seen before they were written
      // says nothing of them, nor a beginning that was seen after.
      const place = before.get(own);
      const problem = place && problemOf(aim.place, extent) && problemOf(place, extent);
      if (problem !== undefined) {
        this.stop(own, problem);
        session.leave();
        return;
      }
      sink.ends({ topic, partition }, extent.high);
      const stoodMs = session.isBusy ? 0 : performance.now() - movedAt;
      if (aim.next < extent.high && stoodMs > this.options.stallMs) {
        session.breakOff(`${topic}/${String(partition)} stands still before its end`);
      }
    }
    if (!session.isMember) return;
    for (const topic of topics) {
      if (!assigned.some((own) => own.topic === topic)) report.idle(topic);
    }
    const isLevel = assigned.every(({ topic, partition, aim }) => {
      const high = look.get(topic)?.get(partition)?.high;
      return aim !== undefined && high !== undefined && aim.next >= high;
    });
    if (isLevel) session.progressed = true;
  }

  private async look(topics: readonly string[]): Promise<Look> {
    const found = await (await this.connected()).look(topics);
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
