import { setTimeout as sleep } from 'node:timers/promises';

import kafkajs, { type Admin, type Kafka } from 'kafkajs';

import type { Contract } from '#kernel/contract.js';

import { type KafkaSettings, named } from '../kafka.js';
import { brokerErrorOf, NeedsOperator } from './failures.js';
import { replicationOn, type ReplicationSettings } from './replication.js';

export interface TopicSettings extends ReplicationSettings {
  /** Of the facts; -1: for ever. */
  readonly KAFKA_RETENTION_MS: number;
}

export interface Partition {
  readonly partition: number;
  readonly leader: number;
  /** The first offset that is still there, and the one that comes next. */
  readonly low: bigint;
  readonly high: bigint;
}

export const positionTopic = 'voltrace.relay-position';

/** Twice what the event store takes in one append: a record is an event and its headers. */
const maxRecordBytes = 2 * 1024 * 1024;
// Node does not see this name among the exports of kafkajs, which is CommonJS.
const { ConfigResourceTypes } = kafkajs;
const mebibyte = String(1024 * 1024);
const cleanup = 'cleanup.policy';
/** How long the brokers may take to learn of a topic that was just made, and what they answer until then. */
const knownMs = 30_000;
const knownPollMs = 20;
const isNotReady = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
]);

/** The relay's topics, by their plain names; the cluster knows them by `named`. */
export class Topics {
  private constructor(
    private readonly admin: Admin,
    private readonly settings: KafkaSettings & TopicSettings,
  ) {}

  static async connect(kafka: Kafka, settings: KafkaSettings & TopicSettings): Promise<Topics> {
    const admin = kafka.admin();
    const topics = new Topics(admin, settings);
    try {
      await admin.connect();
      return topics;
    } catch (error) {
      await topics.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.admin.disconnect().catch(() => undefined);
  }

  /** The partitions in their order, undefined for a topic that is not there. */
  async inspect(topics: readonly string[]): Promise<Map<string, Partition[] | undefined>> {
    const known = new Set(await this.admin.listTopics());
    const found = new Map<string, Partition[] | undefined>();
    for (const topic of topics) {
      const name = named(this.settings, topic);
      found.set(topic, known.has(name) ? await partitionsOf(this.admin, name) : undefined);
    }
    return found;
  }

  /** Makes the position topic where it is missing. One with a retention would forget the position. */
  async ensurePositionTopic(): Promise<Partition[]> {
    const found = (await this.inspect([positionTopic])).get(positionTopic);
    const partitions =
      found ??
      (await this.create(positionTopic, 1, {
        'cleanup.policy': 'compact',
        'segment.bytes': mebibyte,
        'min.cleanable.dirty.ratio': '0.1',
      }));
    expectPartitions(positionTopic, partitions, 1);
    const config = await configOf(this.admin, named(this.settings, positionTopic), [cleanup]);
    const policy = config.get(cleanup);
    if (policy === 'compact') return partitions;
    throw new NeedsOperator(
      `the topic ${positionTopic} has cleanup.policy ${String(policy)}: it must be compact`,
    );
  }

  /** Makes the topic of a contract, which is missing. */
  createFor({ topic, partitions }: Contract): Promise<Partition[]> {
    return this.create(topic, partitions, {
      'cleanup.policy': 'delete',
      'retention.ms': String(this.settings.KAFKA_RETENTION_MS),
      'retention.bytes': '-1',
      'max.message.bytes': String(maxRecordBytes),
    });
  }

  /**
   * Somebody else may make it at the same moment. The controller answers before the brokers know of the
   * topic, and the client's own wait for leaders gives up at the first that does not.
   */
  private async create(
    plain: string,
    numPartitions: number,
    config: Readonly<Record<string, string>>,
  ): Promise<Partition[]> {
    const topic = named(this.settings, plain);
    const { brokers } = await this.admin.describeCluster();
    const { replicationFactor, minInsyncReplicas } = replicationOn(brokers.length, this.settings);
    const entries = { ...config, 'min.insync.replicas': String(minInsyncReplicas) };
    const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
    const topics = [{ topic, numPartitions, replicationFactor, configEntries }];
    await this.admin.createTopics({ topics, waitForLeaders: false });
    for (const end = performance.now() + knownMs; performance.now() < end;) {
      await sleep(knownPollMs);
      try {
        const isKnown = (await this.admin.listTopics()).includes(topic);
        if (isKnown) return await partitionsOf(this.admin, topic);
      } catch (error) {
        if (!isNotReady.has(brokerErrorOf(error) ?? '')) throw error;
      }
    }
    throw new Error(`the brokers do not know the topic ${topic}, just made`);
  }
}

/** In their order. Rejects where the topic is not there. */
export const partitionsOf = async (admin: Admin, name: string): Promise<Partition[]> => {
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
  const leaders = new Map(
    topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]),
  );
  const offsets = await admin.fetchTopicOffsets(name);
  return offsets
    .map(({ partition, low, high }) => ({
      partition,
      leader: leaders.get(partition) ?? -1,
      low: BigInt(low),
      high: BigInt(high),
    }))
    .sort((a, b) => a.partition - b.partition);
};

/** Settings of a topic by their names. */
export const configOf = async (
  admin: Admin,
  name: string,
  configNames: string[],
): Promise<Map<string, string>> => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames }],
  });
  const entries = resources[0]?.configEntries ?? [];
  return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
};

/** Throws `NeedsOperator`: another count sends the later facts of a stream to another partition. */
export const expectPartitions = (
  topic: string,
  partitions: readonly Partition[],
  expected: number,
): void => {
  if (partitions.length === expected) return;
  throw new NeedsOperator(
    `the topic ${topic} has ${String(partitions.length)} partitions, and its contract says ${String(expected)}`,
  );
};
