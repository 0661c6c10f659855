import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import type { EventLog, Position } from '#event-log/event-log.js';
import { type Follower, LogCheck, LogReplaced } from '#event-log/log-check.js';
import { isAfter } from '#event-log/position.js';
import type { Contract } from '#kernel/contract.js';

import { NeedsOperator, TopicLost } from '../cluster/failures.js';
import { type Partition, positionTopic, Topics, type TopicSettings } from '../cluster/topics.js';
import { type KafkaSettings, named } from '../kafka.js';
import type { RelayControl } from './control.js';
import { lastFacts } from './last-facts.js';
import type { Portion } from './portions.js';
import {
  anchorsOf,
  encodePosition,
  markerKey,
  positionKey,
  readPosition,
  type RelayPosition,
  startOf,
  type TopicPosition,
} from './position-record.js';
import { type Landing, Publisher, type TopicBatch } from './publisher.js';
import { expectNothingLost, settlePosition } from './settle-position.js';

export const transactionalId = 'voltrace.relay';

/** Markers are there after some milliseconds, where the cluster is well. */
const looks = 6;
const lookAgainMs = 500;

/** Where a test may end or freeze the process. */
export type Step = 'fenced' | 'read' | 'settled' | 'sent' | 'committed';

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly settings: KafkaSettings & TopicSettings;
  readonly contracts: readonly Contract[];
  readonly log: Pick<EventLog, 'epoch' | 'idAt' | 'head'>;
  readonly control: RelayControl;
  readonly transactionTimeoutMs: number;
  readonly step?: ((step: Step) => void | Promise<void>) | undefined;
}

/**
 * One life of the relay at the cluster, from fencing its forerunners to its first failure. Whatever
 * rejects here leaves it void: close it, and open another, which reads the position again.
 */
export class Session {
  private readonly leaders = new Map<string, number>();
  private publisher: Publisher | undefined;
  private known: RelayPosition = { topics: new Map(), control: -1n };

  private constructor(
    private readonly options: SessionOptions,
    private readonly topics: Topics,
  ) {}

  /** Throws `Fenced`, `NeedsOperator`, `UnreadablePosition`, or what the cluster or the log says. */
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
  async expectSameLog(check: LogCheck): Promise<void> {
    await check.run(anchorsOf(this.known, this.options.contracts));
  }

  /** Publishes the portion and moves the position over it: both or neither. */
  async publish(portion: Portion): Promise<void> {
    const position = this.after(portion);
    const batches = [...portion.batches].map(([topic, records]) => ({
      topic: this.named(topic),
      records,
    }));
    await this.transact([...batches, this.positionBatch(position)], position);
  }

  /**
   * Compares the ends of the topics with what was written. Throws `NeedsOperator`. Looks several times
   * before it says so: a commit is answered before its markers are in every partition, and until then
   * an end lies before them.
   */
  async checkTopics(): Promise<void> {
    for (let look = 1; ; look += 1) {
      try {
        await this.lookAtTopics();
        return;
      } catch (error) {
        if (!(error instanceof NeedsOperator) || look === looks) throw error;
        await sleep(lookAgainMs);
      }
    }
  }

  private async lookAtTopics(): Promise<void> {
    const { contracts } = this.options;
    const found = await this.topics.inspect(contracts.map(({ topic }) => topic));
    for (const [topic, partitions] of found) {
      const next = this.known.topics.get(topic)?.next ?? new Map<number, bigint>();
      const isWritten = [...next.values()].some((offset) => offset > 0n);
      if (partitions) expectNothingLost(topic, next, partitions);
      else if (isWritten) throw new TopicLost(topic, `the topic ${topic} is gone`);
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
      leaderOf: (topic, partition) => this.leaders.get(`${topic}/${String(partition)}`) ?? -1,
    });
    const marker = await this.mark(this.publisher);
    await step?.('fenced');
    const until = { low: ends?.low ?? 0n, high: marker + 1n };
    const found = await readPosition(kafka, this.named(positionTopic), until);
    await step?.('read');
    await control.refresh();
    const replaced = found ? await this.replacedSince(found) : undefined;
    const settled = await settlePosition({
      contracts,
      found,
      partitions: await this.topics.inspect(contracts.map(({ topic }) => topic)),
      resets: control.openResets(replaced ? undefined : found?.control),
      control: control.revision,
      create: (contract) => this.topics.createFor(contract),
      held: (topic, partitions) => lastFacts(kafka, this.named(topic), partitions),
    });
    for (const [topic, partitions] of settled.partitions) this.lead(topic, partitions);
    // Of another log nothing may be left: what lies there would hide what comes.
    if (replaced && anchorsOf(settled.position, contracts).length > 0) throw replaced;
    this.known = { ...settled.position, anchor: replaced ? undefined : found?.anchor };
    await this.expectSameLog(new LogCheck(this.options.log, followerOf(this.options)));
    if (settled.isNews) await this.transact([this.positionBatch(this.known)], this.known);
    await step?.('settled');
  }

  /** From here on no forerunner can write; what it left open is ended. The offset of our own marker. */
  private async mark(publisher: Publisher): Promise<bigint> {
    const record = { key: markerKey, value: Buffer.from(randomUUID()), partition: 0 };
    const batch = { topic: this.named(positionTopic), records: [record] };
    const [landing] = await publisher.publish([batch], () => undefined);
    if (!landing) throw new Error('the broker does not say where the marker is');
    return landing.offset;
  }

  /** Why the log is not the one of which `found` says how much was published. */
  private async replacedSince(found: RelayPosition): Promise<LogReplaced | undefined> {
    const { log, contracts } = this.options;
    try {
      await new LogCheck(log, followerOf(this.options)).run(anchorsOf(found, contracts));
      return undefined;
    } catch (error) {
      if (error instanceof LogReplaced) return error;
      throw error;
    }
  }

  private async transact(batches: readonly TopicBatch[], position: RelayPosition): Promise<void> {
    const { step } = this.options;
    if (!this.publisher) throw new Error('the session is not open');
    const landings = await this.publisher.publish(batches, async (landed) => {
      for (const landing of landed) this.expectPlace(landing);
      await step?.('sent');
    });
    this.known = this.landed(position, landings);
    await step?.('committed');
  }

  /**
   * Before the commit: every record must lie right behind what was there. Ends that shrink belong to
   * another topic of the same name; ends that grew mean that something was written that we do not
   * know of, which is how kafkajs doubles a batch when it repeats a request to two brokers.
   */
  private expectPlace({ topic, partition, offset }: Landing): void {
    const plain = this.plain(topic);
    const expected = plain === undefined ? undefined : this.nextOf(plain, partition);
    if (expected === undefined || offset === expected) return;
    const place = `${String(plain)}, partition ${String(partition)}: a record came to lie at ${offset.toString()}, not at ${expected.toString()}`;
    if (offset >= 0n && offset < expected) {
      throw new TopicLost(String(plain), `the topic was made anew or lost records: ${place}`);
    }
    throw new Error(`something else was written to the topic: ${place}`);
  }

  private nextOf(topic: string, partition: number): bigint {
    return this.known.topics.get(topic)?.next.get(partition) ?? 0n;
  }

  /** One further than the records: the marker that the commit leaves in each partition. */
  private landed(position: RelayPosition, landings: readonly Landing[]): RelayPosition {
    const topics = new Map(position.topics);
    for (const { topic, partition, offset, count } of landings) {
      const plain = this.plain(topic);
      const entry = plain === undefined ? undefined : topics.get(plain);
      if (plain === undefined || !entry) continue;
      const next = new Map(entry.next).set(partition, offset + BigInt(count) + 1n);
      topics.set(plain, { ...entry, next });
    }
    return { ...position, topics };
  }

  private after({ through, lastId, batches }: Portion): RelayPosition {
    const topics = new Map(this.known.topics);
    for (const { topic } of this.options.contracts) {
      const entry = topics.get(topic);
      if (entry) topics.set(topic, moved(entry, through, batches.get(topic) ?? []));
    }
    return { ...this.known, topics, anchor: { position: through, id: lastId } };
  }

  private positionBatch(position: RelayPosition): TopicBatch {
    const record = { key: positionKey, value: encodePosition(position), partition: 0 };
    return { topic: this.named(positionTopic), records: [record] };
  }

  private lead(topic: string, partitions: readonly Partition[]): void {
    for (const { partition, leader } of partitions) {
      this.leaders.set(`${this.named(topic)}/${String(partition)}`, leader);
    }
  }

  private named(topic: string): string {
    return named(this.options.settings, topic);
  }

  private plain(name: string): string | undefined {
    return this.options.contracts.find(({ topic }) => this.named(topic) === name)?.topic;
  }
}

/** A topic that holds facts of another log cannot be completed from this one. */
export const followerOf = ({
  contracts,
  settings,
}: Pick<SessionOptions, 'contracts' | 'settings'>): Follower => {
  const topics = contracts.map(({ topic }) => named(settings, topic)).join(', ');
  const cure = `delete on Kafka ${topics}, and run "voltrace relay reset" for each`;
  return { name: 'the relay', cure };
};

/** Offsets are known when the broker has answered; until then each partition grows by what is sent at least. */
const moved = (
  entry: TopicPosition,
  through: Position,
  records: readonly { readonly partition: number }[],
): TopicPosition => {
  if (entry.position && !isAfter(through, entry.position)) return entry;
  const next = new Map(entry.next);
  for (const { partition } of records) next.set(partition, (next.get(partition) ?? 0n) + 1n);
  const isHeld = [...(entry.held?.values() ?? [])].some((held) => isAfter(held, through));
  const { held: _, ...rest } = entry;
  return { ...(isHeld ? entry : rest), position: through, next };
};
