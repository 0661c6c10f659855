import type { Kafka } from 'kafkajs';

import type { Position } from '#event-log/event-log.js';

import { NotAFact, toFact } from '../cloud-event.js';
import { NeedsOperator } from '../cluster/failures.js';
import { lastRecords } from '../cluster/read-topic.js';
import type { Partition } from '../cluster/topics.js';

/**
 * Of each partition that holds facts, the log position of the last one. Nobody must be writing
 * there. Throws `NeedsOperator` where that is no fact of ours, or the error of the cluster.
 */
export const lastFacts = async (
  kafka: Kafka,
  topic: string,
  partitions: readonly Partition[],
): Promise<Map<number, Position>> => {
  const last = await lastRecords(kafka, topic, partitions);
  try {
    return new Map([...last].map(([partition, record]) => [partition, toFact(record).position]));
  } catch (error) {
    if (!(error instanceof NotAFact)) throw error;
    throw new NeedsOperator(
      `the topic ${topic} ends with a record that is none of ours (${error.message}): delete the topic, then reset it`,
    );
  }
};
