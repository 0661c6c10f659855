import { type Admin, type ITopicConfig, Kafka, logLevel } from 'kafkajs';

import { until } from '../until.js';

/** Does something as an operator of the cluster. */
export const withAdmin = async <T>(
  brokers: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> => {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/**
 * Makes a topic. Resolves when the broker knows it: the controller answers before, and the client's own
 * wait for leaders fails then.
 */
export const makeTopic = async (admin: Admin, topic: ITopicConfig): Promise<void> => {
  await admin.createTopics({ topics: [topic], waitForLeaders: false });
  await until(`${topic.topic} is there`, async () => {
    return (await admin.listTopics()).includes(topic.topic);
  });
};

/** Deletes a topic, as an operator would. Resolves when the broker has heard of it: until then it is there. */
export const deleteTopic = async (admin: Admin, topic: string): Promise<void> => {
  await admin.deleteTopics({ topics: [topic] });
  await until(`${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
};

/** By partition, the offset after the last record of a topic, as it is now. */
export const endsOf = async (admin: Admin, topic: string): Promise<ReadonlyMap<number, number>> => {
  const partitions = await admin.fetchTopicOffsets(topic);
  return new Map(partitions.map(({ partition, high }) => [partition, Number(high)]));
};
