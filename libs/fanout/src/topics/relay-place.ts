import type { Admin, Kafka } from 'kafkajs';

import { lookBack, readCommitted } from '../cluster/read-committed.js';
import { positionTopic } from '../cluster/topics.js';
import { type KafkaSettings, named } from '../kafka.js';
import { decodePosition, positionKey, type RelayPosition } from '../relay/position-record.js';

/**
 * How far the relay says that it is: its last committed position, without a word to the relay or a
 * record written. Null where there is none. Throws `UnreadablePosition`, or what the cluster says.
 */
export const relayPlace = async (
  kafka: Kafka,
  admin: Admin,
  settings: KafkaSettings,
): Promise<RelayPosition | null> => {
  const topic = named(settings, positionTopic);
  if (!(await admin.listTopics()).includes(topic)) return null;
  const [partition] = await admin.fetchTopicOffsets(topic);
  const until = BigInt(partition?.high ?? '0');
  const first = BigInt(partition?.low ?? '0');
  const bytes = await lookBack(first, until, async (from) => {
    const found: { last: Buffer | null } = { last: null };
    await readCommitted({
      kafka,
      topic,
      stretches: [{ partition: 0, from, until }],
      onMessage: (_, { key, value }) => {
        if (key?.toString() === positionKey && value) found.last = value;
      },
    });
    return found.last;
  });
  return bytes && decodePosition(bytes);
};
