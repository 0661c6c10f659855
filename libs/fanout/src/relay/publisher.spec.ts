import type { Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { Publisher } from './publisher.js';

const topic = 'facts';

/**
 * Answers as kafkajs does where a broker is frozen and its partition moves, between two attempts, to one that
 * has answered for its own partition already. No cluster can be made to do so each time: it takes that one
 * answer comes before the other's refusal.
 */
const leavingOut = (left: number) => {
  const ends: string[] = [];
  const transaction = {
    sendBatch: ({ topicMessages }: { topicMessages: { messages: { partition: number }[] }[] }) =>
      Promise.resolve(
        topicMessages
          .flatMap(({ messages }) => messages)
          .filter(({ partition }) => partition !== left)
          .map(({ partition }) => ({ topicName: topic, partition, baseOffset: '7' })),
      ),
    commit: () => Promise.resolve(ends.push('commit')),
    abort: () => Promise.resolve(ends.push('abort')),
    isActive: () => true,
  };
  const producer = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    transaction: () => Promise.resolve(transaction),
  };
  return { ends, kafka: { producer: () => producer } as unknown as Kafka };
};

const publish = async (left: number) => {
  const { ends, kafka } = leavingOut(left);
  const options = { kafka, transactionalId: 'relay', transactionTimeoutMs: 10_000 };
  const publisher = await Publisher.connect({ ...options, leaderOf: () => 1 });
  const records = [0, 1].map((partition) => ({ key: 'a', value: Buffer.from('1'), partition }));
  const published = publisher.publish([{ topic, records }], () => undefined);
  const outcome = await published.catch((error: unknown) => String(error));
  await publisher.close();
  return { ends, outcome };
};

describe('a transaction', () => {
  it('is committed when every partition was confirmed', async () => {
    const { ends, outcome } = await publish(-1);
    expect(outcome).toHaveLength(2);
    expect(ends).toEqual(['commit']);
  });

  it('is ended when kafkajs left a partition out and reports success', async () => {
    const { ends, outcome } = await publish(1);
    expect(outcome).toContain('the brokers confirmed no record of facts/1');
    expect(ends).toEqual(['abort']);
  });
});
