import { setTimeout as sleep } from 'node:timers/promises';

import type { Kafka, Producer, Transaction } from 'kafkajs';

import { within } from '#event-log/pause.js';
import { partitionKey } from '#subscription/source.js';

import { Fenced, isFencing } from '../cluster/failures.js';

/** A record with its partition: nothing is left to a partitioner that sees the number of partitions of the moment. */
export interface PartitionedRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly headers?: Record<string, string>;
  readonly partition: number;
}

/** Records of one topic, by the name that the cluster knows, in their order. */
export interface TopicBatch {
  readonly topic: string;
  readonly records: readonly PartitionedRecord[];
}

/** Where the first record of a batch came to lie in a partition, and how many there are. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly count: number;
}

export interface PublisherOptions {
  readonly kafka: Kafka;
  readonly transactionalId: string;
  /** How long the broker lets a transaction stay open, in milliseconds. */
  readonly transactionTimeoutMs: number;
  /** The node that leads a partition. */
  readonly leaderOf: (topic: string, partition: number) => number;
}

/** How long to wait for a connection to close in order: there is nothing to be lost. */
const closeMs = 1_000;

/**
 * One session of the transactional producer. The first transaction fences every earlier one with the
 * same id and ends what it left open. After any failure this one is void: make another.
 */
export class Publisher {
  private open: Transaction | undefined;

  private constructor(
    private readonly producer: Producer,
    private readonly options: PublisherOptions,
  ) {}

  static async connect(options: PublisherOptions): Promise<Publisher> {
    const producer = options.kafka.producer({
      transactionalId: options.transactionalId,
      transactionTimeout: options.transactionTimeoutMs,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      // For CONCURRENT_TRANSACTIONS, while the markers of the last transaction are still being
      // written. Safe only because each send goes to one broker: where one of two fails, kafkajs
      // sends both again, and the one that had only not answered yet would be there twice.
      retry: { initialRetryTime: 10, multiplier: 1.5, factor: 0.2, maxRetryTime: 200, retries: 12 },
    });
    const publisher = new Publisher(producer, options);
    try {
      await producer.connect();
      return publisher;
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  /**
   * One transaction: all of the records or none. `accept` sees where they lie before the commit
   * and may throw. When this rejects, the transaction was aborted or its outcome is unknown.
   */
  async publish(
    batches: readonly TopicBatch[],
    accept: (written: readonly RecordMetadata[]) => void | Promise<void>,
  ): Promise<readonly RecordMetadata[]> {
    const late = new AbortController();
    try {
      return await Promise.race([this.transact(batches, accept), this.tooLate(late.signal)]);
    } catch (error) {
      if (isFencing(error)) {
        const why = 'a newer relay has taken over, or the broker ended a transaction of ours';
        throw new Fenced(why, { cause: error });
      }
      throw error;
    } finally {
      late.abort();
    }
  }

  private async transact(
    batches: readonly TopicBatch[],
    accept: (written: readonly RecordMetadata[]) => void | Promise<void>,
  ): Promise<readonly RecordMetadata[]> {
    const transaction = await this.producer.transaction();
    this.open = transaction;
    const written = await this.send(transaction, batches);
    await accept(written);
    await transaction.commit();
    this.open = undefined;
    return written;
  }

  /** Rejects before the broker ends the transaction: what is sent after that would be refused. */
  private async tooLate(signal: AbortSignal): Promise<never> {
    const ms = Math.round(this.options.transactionTimeoutMs * 0.8);
    await sleep(ms, undefined, { signal, ref: false });
    throw new Error(`a transaction took longer than ${String(ms)} ms`);
  }

  /** Ends what is open as far as that can still be done, and closes the connections. Never rejects. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    // After a commit was requested, only the broker knows; the next publisher's start ends it.
    if (open?.isActive() === true) await within(closeMs, open.abort()).catch(() => undefined);
    await within(closeMs, this.producer.disconnect()).catch(() => undefined);
  }

  private async send(
    transaction: Transaction,
    batches: readonly TopicBatch[],
  ): Promise<RecordMetadata[]> {
    const written: RecordMetadata[] = [];
    for (const topicMessages of this.byLeader(batches).values()) {
      const answers = await transaction.sendBatch({ topicMessages, acks: -1 });
      const offsets = new Map(
        answers.map((each) => [keyOf(each.topicName, each.partition), each.baseOffset ?? '-1']),
      );
      for (const { topic, messages } of topicMessages) {
        for (const [partition, count] of countByPartition(messages)) {
          const offset = offsets.get(keyOf(topic, partition));
          // Where a leader moves between two attempts to a broker that has answered the first one for
          // other partitions, kafkajs leaves the records of the moved one out and reports success.
          if (offset === undefined) {
            const which = keyOf(topic, partition);
            throw new Error(`the brokers confirmed no record of ${which}: its leader has moved`);
          }
          written.push({ topic, partition, count, offset: BigInt(offset) });
        }
      }
    }
    return written;
  }

  private byLeader(batches: readonly TopicBatch[]): Map<number, Messages[]> {
    const leaders = new Map<number, Messages[]>();
    for (const { topic, records } of batches) {
      const byLeader = new Map<number, Messages>();
      for (const record of records) {
        const leader = this.options.leaderOf(topic, record.partition);
        const known = byLeader.get(leader);
        if (known) known.messages.push(record);
        else byLeader.set(leader, { topic, messages: [record] });
      }
      for (const [leader, messages] of byLeader) {
        leaders.set(leader, [...(leaders.get(leader) ?? []), messages]);
      }
    }
    return leaders;
  }
}

interface Messages {
  readonly topic: string;
  readonly messages: PartitionedRecord[];
}

/** Names a partition of a topic in maps of this relay. */
export const keyOf = (topic: string, partition: number): string =>
  partitionKey({ scope: topic, partition });

const countByPartition = (records: readonly PartitionedRecord[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const { partition } of records) counts.set(partition, (counts.get(partition) ?? 0) + 1);
  return counts;
};
