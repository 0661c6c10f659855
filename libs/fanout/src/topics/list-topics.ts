import kafkajs, { type Admin } from 'kafkajs';

import { positionTopic } from '../cluster/topics.js';
import type { Contract } from '../contract.js';
import { type KafkaSettings, named } from '../kafka.js';

// Node does not see this name among the exports of kafkajs, which is CommonJS.
const { ConfigResourceTypes } = kafkajs;

export interface ExpectedTopic {
  readonly topic: string;
  readonly kind: 'facts' | 'position';
  readonly partitions: number;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** The oldest that is kept, and the one after the last that a read_committed reader can see; decimal. */
  readonly first: string;
  readonly end: string;
}

export interface TopicStatus {
  readonly topic: string;
  /** On the cluster: with the namespace, where there is one. */
  readonly name: string;
  readonly kind: ExpectedTopic['kind'];
  readonly exists: boolean;
  readonly partitions: number | null;
  readonly expectedPartitions: number;
  readonly cleanupPolicy: string | null;
  /** Milliseconds and bytes, -1 for ever. Decimal text: the cluster takes 64 bits. */
  readonly retentionMs: string | null;
  readonly retentionBytes: string | null;
  readonly maxMessageBytes: string | null;
  readonly offsets: readonly PartitionOffsets[];
}

/** Every topic that the relay makes for these contracts. */
export const expectedTopics = (contracts: readonly Contract[]): readonly ExpectedTopic[] => [
  ...contracts.map(({ topic, partitions }): ExpectedTopic => ({
    topic,
    kind: 'facts',
    partitions,
  })),
  { topic: positionTopic, kind: 'position', partitions: 1 },
];

/** How the expected topics are on the cluster. */
export const listTopics = async (
  admin: Admin,
  settings: KafkaSettings,
  expected: readonly ExpectedTopic[],
): Promise<readonly TopicStatus[]> => {
  // Asking for the offsets of a topic that is not there would make it on some clusters.
  const there = new Set(await admin.listTopics());
  const statuses: TopicStatus[] = [];
  for (const { topic, kind, partitions: expectedPartitions } of expected) {
    const name = named(settings, topic);
    const of = { topic, name, kind, expectedPartitions };
    statuses.push(
      there.has(name) ? { ...of, ...(await found(admin, name)) } : { ...of, ...absent },
    );
  }
  return statuses;
};

const absent = {
  exists: false,
  partitions: null,
  cleanupPolicy: null,
  retentionMs: null,
  retentionBytes: null,
  maxMessageBytes: null,
  offsets: [],
};

const found = async (admin: Admin, name: string) => {
  const offsets = await admin.fetchTopicOffsets(name);
  const configured = await configOf(admin, name);
  return {
    exists: true,
    partitions: offsets.length,
    cleanupPolicy: configured('cleanup.policy'),
    retentionMs: configured('retention.ms'),
    retentionBytes: configured('retention.bytes'),
    maxMessageBytes: configured('max.message.bytes'),
    offsets: offsets
      .map(({ partition, low, high }) => ({ partition, first: low, end: high }))
      .sort((a, b) => a.partition - b.partition),
  };
};

const configOf = async (
  admin: Admin,
  name: string,
): Promise<(setting: string) => string | null> => {
  const configNames = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'max.message.bytes'];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const values = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  return (setting) => values.get(setting) ?? null;
};
