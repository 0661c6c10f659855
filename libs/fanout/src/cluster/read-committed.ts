import { randomUUID } from 'node:crypto';

import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';

/** A stretch of one partition: `from` is included, `until` is not. */
export interface Stretch {
  readonly partition: number;
  readonly from: bigint;
  readonly until: bigint;
}

export interface Reading {
  readonly kafka: Kafka;
  /** As the cluster knows it. */
  readonly topic: string;
  readonly stretches: readonly Stretch[];
  readonly onMessage: (partition: number, message: KafkaMessage) => void;
}

/** How far before the end to look first; further back where that holds nothing. */
const firstSpan = 256n;

/**
 * Asks `find` for what lies from an offset on, going back from `end` in ever longer steps, until it has
 * something. Null where it has nothing from `first` on.
 */
export const lookBack = async <T>(
  first: bigint,
  end: bigint,
  find: (from: bigint) => Promise<T | null>,
): Promise<T | null> => {
  for (let span = firstSpan; ; span *= 64n) {
    const from = end - span > first ? end - span : first;
    const found = await find(from);
    if (found !== null || from === first) return found;
  }
};

/** A stretch of some hundred records takes milliseconds; a broker that has just started may take its time. */
const readMs = 30_000;

/**
 * Reads stretches of a topic as a read_committed reader sees them, each to its end. Waits for
 * transactions that are open there. Rejects with what the cluster says, or after 30 s.
 */
export const readCommitted = async (reading: Reading): Promise<void> => {
  const left = new Map(
    reading.stretches
      .filter(({ from, until }) => from < until)
      .map((each) => [each.partition, each]),
  );
  if (left.size === 0) return;
  const { kafka, topic } = reading;
  // A group of its own, without offsets: the broker forgets it when its only member has left.
  const consumer = kafka.consumer({
    groupId: `${topic}.reading.${randomUUID()}`,
    readUncommitted: false,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    sessionTimeout: 10_000,
    retry: { retries: 2, restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await untilRead(consumer, reading, left);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
};

const untilRead = (
  consumer: Consumer,
  { topic, onMessage }: Reading,
  left: Map<number, Stretch>,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${topic} could not be read in time`));
    }, readMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      fail(payload.error);
    });
    // Told of every stretch that was read, of those too that hold nothing to be handed out.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      const stretch = left.get(partition);
      if (stretch && BigInt(lastOffset) + 1n >= stretch.until) left.delete(partition);
      if (left.size > 0) return;
      clearTimeout(timer);
      resolve();
    });
    const seek = (): void => {
      for (const { partition, from } of left.values()) {
        consumer.seek({ topic, partition, offset: from.toString() });
      }
    };
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch: { partition, messages } }) => {
          const stretch = left.get(partition);
          for (const message of stretch ? messages : []) {
            const offset = BigInt(message.offset);
            if (!stretch || offset < stretch.from || offset >= stretch.until) continue;
            onMessage(partition, message);
          }
          return Promise.resolve();
        },
      })
      .then(seek)
      .catch(fail);
  });
