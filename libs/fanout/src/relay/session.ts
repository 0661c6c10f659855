import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import type { EventLog, Position } from '#event-log/event-log.js';
import { LogCheck, LogReplaced, type NamedFollower } from '#event-log/log-check.js';
import type { Contract } from '#kernel/contract.js';

import { NeedsOperator, TopicLost } from '../cluster/failures.js';
import { type Partition, positionTopic, Topics, type TopicSettings } from '../cluster/topics.js';
import { type KafkaSettings, named } from '../kafka.js';
import type { Batch } from './batches.js';
import type { RelayControl } from './control.js';
import { lastFacts } from './last-facts.js';
import {
  anchorsOf,
  encodePosition,
  filledThrough,
  markerKey,
  positionKey,
  readPosition,
  type RelayPosition,
  startOf,
} from './position-record.js';
import { keyOf, Publisher, type RecordMetadata, type TopicBatch } from './publisher.js';
import { expectNothingLost, isWritten, reconcile } from './reconcile.js';

export const transactionalId = 'voltrace.relay';

/** Markers are there after some milliseconds, where the cluster is well. */
const inspections = 6;
const inspectAgainMs = 500;

/** Where a test may end or freeze the process. */
export type Step = 'fenced' | 'read' | 'reconciled' | 'sent' | 'committed';

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings & TopicSettings;
  readonly contracts: readonly Contract[];
  readonly log: Pick<EventLog, 'epoch' | 'idAt' | 'head'>;
  readonly follower: NamedFollower;
  readonly control: RelayControl;
  readonly transactionTimeoutMs: number;
  readonly step?: ((step: Step) => void | Promise<void>) | undefined;
}

/**
 * One session of the relay at the cluster, from fencing its forerunners to its first failure. Whatever
 * rejects here leaves it void: close it, and open another, which reads the position again.
 */
export class Session {
  private readonly leaders = new Map<string, number>();
  private readonly plain: ReadonlyMap<string, string>;
  private publisher: Publisher | undefined;
  private known: RelayPosition = { topics: new Map(), control: -1n };

  private constructor(
    private readonly options: SessionOptions,
    private readonly topics: Topics,
  ) {
    this.plain = new Map(options.contracts.map(({ topic }) => [this.named(topic), topic]));
  }

  /** Throws `Fenced`, `NeedsOperator`, `UnreadablePosition`, or the error of the cluster or the log. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options, await Topics.connect(options.kafka, options.settings));
    try {
      await session.start();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get position(): RelayPosition {
    return this.known;
  }

  /** Through which event every topic is filled. */
  get through(): Position | undefined {
    return startOf(this.known, this.options.contracts);
  }

  /** Throws `LogReplaced` where the log is not the one that the topics are filled from. */
  async expectSameLog(check: LogCheck, position = this.known): Promise<void> {
    await check.run(anchorsOf(position, this.options.contracts));
  }

  /** Publishes the batch and moves the position over it: both or neither. */
  async publish(batch: Batch): Promise<void> {
    const batches = [...batch.topics].map(([topic, records]) => ({
      topic: this.named(topic),
      records,
    }));
    await this.transact(batches, filledThrough(this.known, batch, this.options.contracts));
  }

  /**
   * Compares the ends of the topics with what was written. Throws `NeedsOperator`, after several
   * inspections: a commit is answered before its markers are in every partition, and until then an end
   * lies before them.
   */
  async checkTopics(): Promise<void> {
    for (let inspection = 1; ; inspection += 1) {
      try {
        await this.inspectTopics();
        return;
      } catch (error) {
        if (!(error instanceof NeedsOperator) || inspection === inspections) throw error;
        await sleep(inspectAgainMs);
      }
    }
  }

  private async inspectTopics(): Promise<void> {
    for (const [topic, partitions] of await this.partitions()) {
      const { next } = this.known.topics.get(topic) ?? { next: new Map<number, bigint>() };
      if (partitions) expectNothingLost(topic, next, partitions);
      else if (isWritten({ next })) throw new TopicLost(topic, `the topic ${topic} is gone`);
    }
  }

  /** Ends an open transaction as far as possible. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([this.publisher?.close(), this.topics.close()]);
  }

  private async start(): Promise<void> {
    const { kafka, settings, contracts, control, step } = this.options;
    const [ends] = await this.topics.ensurePositionTopic();
    if (ends) this.lead(positionTopic, [ends]);
    this.publisher = await Publisher.connect({
      kafka,
      transactionalId: named(settings, transactionalId),
      transactionTimeoutMs: this.options.transactionTimeoutMs,
      leaderOf: (topic, partition) => this.leaders.get(keyOf(topic, partition)) ?? -1,
    });
    const marker = await this.mark(this.publisher);
    await step?.('fenced');
    const until = { low: ends?.low ?? 0n, high: marker + 1n };
    const found = await readPosition(kafka, this.named(positionTopic), until);
    await step?.('read');
    await control.refresh();
    const replaced = found ? await this.replacedSince(found) : undefined;
    const { position, partitions, isNews } = await reconcile({
      ...{ contracts, found, partitions: await this.partitions() },
      resets: control.openResets(replaced ? undefined : found?.control),
      control: control.revision,
      create: (contract) => this.topics.createFor(contract),
      lastFacts: (topic, all) => lastFacts(kafka, this.named(topic), all),
    });
    for (const [topic, all] of partitions) this.lead(topic, all);
    // Of another log nothing may be left: what lies there would hide what comes.
    if (replaced && anchorsOf(position, contracts).length > 0) throw replaced;
    this.known = { ...position, anchor: replaced ? undefined : found?.anchor };
    await this.expectSameLog(this.newCheck());
    if (isNews) await this.transact([], this.known);
    await step?.('reconciled');
  }

  /** From here on no forerunner can write; what it left open is ended. The offset of our own marker. */
  private async mark(publisher: Publisher): Promise<bigint> {
    const record = { key: markerKey, value: Buffer.from(randomUUID()), partition: 0 };
    const batch = { topic: this.named(positionTopic), records: [record] };
    const [written] = await publisher.publish([batch], () => undefined);
    if (!written) throw new Error('the broker does not say where the marker is');
    return written.offset;
  }

  private newCheck(): LogCheck {
    return new LogCheck(this.options.log, this.options.follower);
  }

  /** Why the log is not the one of which `found` is a position. */
  private async replacedSince(found: RelayPosition): Promise<LogReplaced | undefined> {
    try {
      await this.expectSameLog(this.newCheck(), found);
      return undefined;
    } catch (error) {
      if (error instanceof LogReplaced) return error;
      throw error;
    }
  }

  private async transact(batches: readonly TopicBatch[], position: RelayPosition): Promise<void> {
    const { step } = this.options;
    if (!this.publisher) throw new Error('the session is not open');
    const record = { key: positionKey, value: encodePosition(position), partition: 0 };
    const moved = { topic: this.named(positionTopic), records: [record] };
    const written = await this.publisher.publish([...batches, moved], async (sent) => {
      for (const each of sent) this.expectOffset(each);
      await step?.('sent');
    });
    this.known = this.withOffsets(position, written);
    await step?.('committed');
  }

  /**
   * Before the commit: every record must lie right behind what was there. Ends that shrink belong to
   * another topic of the same name; ends that grew mean that something was written that we do not
   * know of, which is how kafkajs doubles a batch when it repeats a request to two brokers.
   */
  private expectOffset({ topic, partition, offset }: RecordMetadata): void {
    const plain = this.plain.get(topic);
    if (plain === undefined) return;
    const expected = this.known.topics.get(plain)?.next.get(partition) ?? 0n;
    if (offset === expected) return;
    const at = `${plain}, partition ${String(partition)}: a record came to lie at ${offset.toString()}, not at ${expected.toString()}`;
    if (offset >= 0n && offset < expected) {
      throw new TopicLost(plain, `the topic was made anew or lost records: ${at}`);
    }
    throw new Error(`something else was written to the topic: ${at}`);
  }

  /** One further than the records: the marker that the commit leaves in each partition. */
  private withOffsets(position: RelayPosition, written: readonly RecordMetadata[]): RelayPosition {
    const topics = new Map(position.topics);
    for (const { topic, partition, offset, count } of written) {
      const plain = this.plain.get(topic);
      const entry = plain === undefined ? undefined : topics.get(plain);
      if (plain === undefined || !entry) continue;
      const next = new Map(entry.next).set(partition, offset + BigInt(count) + 1n);
      topics.set(plain, { ...entry, next });
    }
    return { ...position, topics };
  }

  private partitions(): Promise<Map<string, Partition[] | undefined>> {
    return this.topics.inspect(this.options.contracts.map(({ topic }) => topic));
  }

  private lead(topic: string, partitions: readonly Partition[]): void {
    for (const { partition, leader } of partitions) {
      this.leaders.set(keyOf(this.named(topic), partition), leader);
    }
  }

  private named(topic: string): string {
    return named(this.options.settings, topic);
  }
}
