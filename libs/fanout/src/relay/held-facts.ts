import type { Kafka, KafkaMessage } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';

import { NotAFact, toFact } from '../cloud-event.js';
import { NeedsOperator } from '../cluster/failures.js';
import { readCommitted, type Stretch } from '../cluster/read-committed.js';
import type { Partition } from '../cluster/topics.js';

/** How far before the end to look first; further back where that holds no fact. */
const firstSpan = 64n;

/**
 * Of each partition that holds facts, the log position of the last one. Nobody must be writing
 * there. Throws `NeedsOperator` where that is no fact of ours, or what the cluster says.
 */
export const heldFacts = async (
  kafka: Kafka,
  topic: string,
  partitions: readonly Partition[],
): Promise<Map<number, Position>> => {
  const held = new Map<number, Position>();
  let left = [...partitions];
  for (let span = firstSpan; left.length > 0; span *= 64n) {
    const stretches = left.map((each) => lastOf(each, span));
    for (const [partition, message] of await lastMessages(kafka, topic, stretches)) {
      held.set(partition, positionIn(topic, message));
    }
    left = left.filter(({ partition, high, low }) => !held.has(partition) && high - span > low);
  }
  return held;
};

const lastOf = ({ partition, low, high }: Partition, span: bigint): Stretch => ({
  partition,
  from: high - span > low ? high - span : low,
  until: high,
});

const lastMessages = async (
  kafka: Kafka,
  topic: string,
  stretches: readonly Stretch[],
): Promise<Map<number, KafkaMessage>> => {
  const last = new Map<number, KafkaMessage>();
  await readCommitted({
    ...{ kafka, topic, stretches },
    onMessage: (partition, message) => last.set(partition, message),
  });
  return last;
};

const positionIn = (topic: string, message: KafkaMessage): Position => {
  try {
    return toFact(message).position;
  } catch (error) {
    if (!(error instanceof NotAFact)) throw error;
    throw new NeedsOperator(
      `the topic ${topic} ends with a record that is none of ours (${error.message}): delete the topic, then reset it`,
    );
  }
};
