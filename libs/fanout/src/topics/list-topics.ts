import type { Admin } from 'kafkajs';

import type { Contract } from '#kernel/contract.js';

import { configOf, partitionsOf, positionTopic } from '../cluster/topics.js';
import { type KafkaSettings, named } from '../kafka.js';

export interface ExpectedTopic {
  readonly topic: string;
  readonly kind: 'facts' | 'position';
  readonly partitions: number;
}

export type TopicStatus = Awaited<ReturnType<typeof inspect>>;

/** Every topic that the relay makes for these contracts. */
export const expectedTopics = (contracts: readonly Contract[]): readonly ExpectedTopic[] => [
  ...contracts.map(({ topic, partitions }) => ({ topic, partitions, kind: 'facts' as const })),
  { topic: positionTopic, kind: 'position', partitions: 1 },
];

/** The state of the expected topics on the cluster. */
export const listTopics = async (
  admin: Admin,
  settings: KafkaSettings,
  expected: readonly ExpectedTopic[],
): Promise<readonly TopicStatus[]> => {
  // Asking for the offsets of a topic that is not there would make it on some clusters.
  const there = new Set(await admin.listTopics());
  const statuses: TopicStatus[] = [];
  for (const each of expected) {
    const name = named(settings, each.topic);
    statuses.push(await inspect(admin, name, each, there.has(name)));
  }
  return statuses;
};

const settingNames = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'max.message.bytes'];

/** Offsets and sizes are decimal text: the cluster takes 64 bits. */
const inspect = async (
  admin: Admin,
  name: string,
  { topic, kind, partitions: expectedPartitions }: ExpectedTopic,
  exists: boolean,
) => {
  const partitions = exists ? await partitionsOf(admin, name) : [];
  const config = exists ? await configOf(admin, name, settingNames) : new Map<string, string>();
  return {
    ...{ topic, name, kind, exists, expectedPartitions },
    partitions: exists ? partitions.length : null,
    cleanupPolicy: config.get('cleanup.policy') ?? null,
    retentionMs: config.get('retention.ms') ?? null,
    retentionBytes: config.get('retention.bytes') ?? null,
    maxMessageBytes: config.get('max.message.bytes') ?? null,
    offsets: partitions.map(({ partition, low, high }) => ({
      partition,
      first: low.toString(),
      end: high.toString(),
    })),
  };
};
