import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';

import type { Partition } from './topics.js';

/** Records between two turns of the event loop: other requests are being served. */
const recordsPerTurn = 250;
const fetchBytes = 1024 * 1024;
const partitionBytes = 256 * 1024;
/** Many a broker keeps a new group waiting, and a busy one takes its time. */
const joinMs = 60_000;
/** A transaction that a frozen relay left open hides what is behind it for as long. */
const defaultQuietMs = 30_000;

export interface TopicReading {
  readonly kafka: Kafka;
  /** As the cluster knows it. */
  readonly topic: string;
  /** By partition: where to begin. Kept up to date with how far it was read. */
  readonly reached: Map<number, bigint>;
  /** By partition: the first offset that is not read any more. */
  readonly until: ReadonlyMap<number, bigint>;
  readonly onRecord: (partition: number, message: KafkaMessage) => void;
  readonly signal?: AbortSignal;
  /** How long to wait for records that may not come, once the group was joined. Default 30 s. */
  readonly quietMs?: number;
}

/**
 * Reads a topic as a read_committed reader sees it, until each partition is at its end, or nothing came
 * for `quietMs`: `reached` shows which. Rejects with the error of the cluster, when it does not let the group
 * in within a minute, or with the reason of `signal`.
 */
export const readTopic = async (reading: TopicReading): Promise<void> => {
  const { kafka, topic, until, reached } = reading;
  if (isAtEnd(until, reached)) return;
  const groupId = `${topic}.reading.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    maxBytes: fetchBytes,
    maxBytesPerPartition: partitionBytes,
    retry: { retries: 2, restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await untilRead(consumer, reading);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
  await deleteGroup(kafka, groupId);
};

/** Whether every partition was read to its end. */
export const isAtEnd = (
  until: ReadonlyMap<number, bigint>,
  reached: ReadonlyMap<number, bigint>,
): boolean => [...until].every(([partition, end]) => (reached.get(partition) ?? 0n) >= end);

/** Of all partitions together. */
export const sum = (offsets: ReadonlyMap<number, bigint>): bigint =>
  [...offsets.values()].reduce((a, b) => a + b, 0n);

const untilRead = (consumer: Consumer, reading: TopicReading): Promise<void> => {
  const { topic, until, reached, signal, quietMs = defaultQuietMs } = reading;
  return new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      forgetJoin();
      clearTimeout(quiet);
      reject(error);
    };
    const abort = (): void => {
      fail(signal?.reason as Error);
    };
    let quiet = setTimeout(() => {
      fail(new Error(`reading ${topic} was not begun within ${String(joinMs / 1_000)} s`));
    }, joinMs);
    // Once: a group that joins again and again reads nothing.
    const forgetJoin = consumer.on(consumer.events.GROUP_JOIN, () => {
      forgetJoin();
      clearTimeout(quiet);
      quiet = setTimeout(resolve, quietMs);
    });
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      fail(payload.error);
    });
    // Emitted for every stretch that was read, for those too that hold nothing to be handed out: the
    // markers at the ends of transactions, and what was aborted.
    let before = sum(reached);
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      const next = BigInt(lastOffset) + 1n;
      if (next > (reached.get(partition) ?? 0n)) reached.set(partition, next);
      if (sum(reached) > before) quiet.refresh();
      before = sum(reached);
      if (next >= (until.get(partition) ?? 0n))
        consumer.pause([{ topic, partitions: [partition] }]);
      if (!isAtEnd(until, reached)) return;
      clearTimeout(quiet);
      resolve();
    });
    const seek = (): void => {
      for (const [partition, offset] of reached) {
        consumer.seek({ topic, partition, offset: offset.toString() });
      }
    };
    consumer
      .run({ autoCommit: false, eachBatch: handOut(reading) })
      .then(seek)
      .catch(fail);
  });
};

/** A client that joins its group again begins at the beginning again: what was handed out is passed over. */
const handOut =
  ({ until, reached, onRecord, signal }: TopicReading) =>
  async (payload: EachBatchPayload): Promise<void> => {
    const { partition, messages } = payload.batch;
    const end = until.get(partition) ?? 0n;
    for (const [index, message] of messages.entries()) {
      const offset = BigInt(message.offset);
      if (offset >= end || signal?.aborted === true) return;
      if (offset < (reached.get(partition) ?? 0n)) continue;
      onRecord(partition, message);
      reached.set(partition, offset + 1n);
      if ((index + 1) % recordsPerTurn !== 0) continue;
      await turn();
      await payload.heartbeat();
    }
  };

/** Without offsets the broker would forget the group by itself, but show it until then. */
const deleteGroup = async (kafka: Kafka, groupId: string): Promise<void> => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // Then the broker forgets it by itself.
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};

/** How far before the end to begin; further back where that holds nothing. */
const firstSpan = 256n;

/**
 * Of each partition the last record before its end that `isWanted`, or that is there at all. Rejects with
 * the error of the cluster, or when the ends are not reached.
 */
export const lastRecords = async (
  kafka: Kafka,
  topic: string,
  partitions: readonly Pick<Partition, 'partition' | 'low' | 'high'>[],
  isWanted: (message: KafkaMessage) => boolean = () => true,
): Promise<Map<number, KafkaMessage>> => {
  const last = new Map<number, KafkaMessage>();
  let left = partitions.filter(({ low, high }) => low < high);
  for (let span = firstSpan; left.length > 0; span *= 64n) {
    const until = new Map(left.map(({ partition, high }) => [partition, high]));
    const from = left.map(({ partition, low, high }): [number, bigint] => [
      partition,
      high - span > low ? high - span : low,
    ]);
    const reached = new Map(from);
    const onRecord = (partition: number, message: KafkaMessage): void => {
      if (isWanted(message)) last.set(partition, message);
    };
    await readTopic({ kafka, topic, reached, until, onRecord });
    if (!isAtEnd(until, reached)) throw new Error(`${topic} could not be read in time`);
    const begins = new Map(from);
    left = left.filter(
      ({ partition, low }) => !last.has(partition) && (begins.get(partition) ?? low) > low,
    );
  }
  return last;
};
