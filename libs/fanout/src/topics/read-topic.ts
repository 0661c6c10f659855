import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';

/** Records between two turns of the event loop: other requests are being served. */
const recordsPerTurn = 250;
const fetchBytes = 1024 * 1024;
const partitionBytes = 256 * 1024;
/** How long to wait to be let in: many a broker keeps a new group waiting, and a busy one takes its time. */
const joinMs = 60_000;

export interface TopicReading {
  readonly kafka: Kafka;
  /** As the cluster knows it, and the group that reads it: random, and gone afterwards. */
  readonly topic: string;
  readonly group: string;
  /** By partition, the offset that is not read any more. */
  readonly until: ReadonlyMap<number, bigint>;
  readonly onRecord: (partition: number, message: KafkaMessage) => void;
  /** How far each partition is read; given with where each begins, and kept up to date. */
  readonly reached: Map<number, bigint>;
  readonly signal: AbortSignal;
  /** How long to wait for records that may not come, once the brokers have let us begin. */
  readonly quietMs: number;
}

/**
 * Reads a topic from its beginning as a read_committed reader sees it, until each partition is at its
 * end, or nothing came for `quietMs`: `reached` then says where. Rejects with what the cluster says, when
 * it does not let the group in within a minute, or with the reason of `signal`.
 */
export const readTopic = async (reading: TopicReading): Promise<void> => {
  const { kafka, topic, group, until, reached } = reading;
  if (isAtEnd(until, reached)) return;
  const groupId = `${group}.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200,
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
    await forget(kafka, groupId);
  }
};

/** Whether every partition is read to its end. */
export const isAtEnd = (
  until: ReadonlyMap<number, bigint>,
  reached: ReadonlyMap<number, bigint>,
): boolean => [...until].every(([partition, end]) => (reached.get(partition) ?? 0n) >= end);

const untilRead = (consumer: Consumer, reading: TopicReading): Promise<void> => {
  const { topic, until, reached, signal, quietMs } = reading;
  return new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      forgetJoin();
      clearTimeout(quiet);
      reject(error);
    };
    const abort = (): void => {
      fail(signal.reason as Error);
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
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      fail(payload.error);
    });
    // Told of every stretch that was read, of those too that hold nothing to be handed out: the
    // marks at the ends of transactions, and what was aborted.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      const next = BigInt(lastOffset) + 1n;
      if (next <= (reached.get(partition) ?? 0n)) return;
      reached.set(partition, next);
      quiet.refresh();
      if (next >= (until.get(partition) ?? 0n))
        consumer.pause([{ topic, partitions: [partition] }]);
      if (!isAtEnd(until, reached)) return;
      clearTimeout(quiet);
      resolve();
    });
    consumer.run({ autoCommit: false, eachBatch: handing(reading) }).catch(fail);
  });
};

const handing = ({ until, onRecord, signal }: TopicReading) => {
  // A client that joins its group again begins at the beginning again.
  const next = new Map<number, bigint>();
  return async (payload: EachBatchPayload): Promise<void> => {
    const { partition, messages } = payload.batch;
    const end = until.get(partition) ?? 0n;
    for (const [index, message] of messages.entries()) {
      const offset = BigInt(message.offset);
      if (offset >= end || signal.aborted) return;
      if (offset < (next.get(partition) ?? 0n)) continue;
      onRecord(partition, message);
      next.set(partition, offset + 1n);
      if ((index + 1) % recordsPerTurn !== 0) continue;
      await turn();
      await payload.heartbeat();
    }
  };
};

/** Without offsets the broker would forget the group by itself, but show it until then. */
const forget = async (kafka: Kafka, groupId: string): Promise<void> => {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // Then it forgets it by itself.
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};
