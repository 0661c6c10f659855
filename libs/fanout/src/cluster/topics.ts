import { setTimeout as sleep } from 'node:timers/promises';

import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs';

import type { Contract } from '../contract.js';
import { type KafkaSettings, named } from '../kafka.js';
import { NeedsOperator } from './failures.js';
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
/** How long the brokers may take to hear of a topic. */
const knownMs = 30_000;

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
  async look(topics: readonly string[]): Promise<Map<string, Partition[] | undefined>> {
    const known = new Set(await this.admin.listTopics());
    const found = new Map<string, Partition[] | undefined>();
    for (const topic of topics) {
      const name = named(this.settings, topic);
      found.set(topic, known.has(name) ? await this.partitionsOf(name) : undefined);
    }
    return found;
  }

  /** Makes the position topic where it is missing. */
  async ensurePositionTopic(): Promise<Partition[]> {
    const found = (await this.look([positionTopic])).get(positionTopic);
    if (!found) await this.create(this.positionTopic());
    const partitions = found ?? (await this.partitionsOf(named(this.settings, positionTopic)));
    expectPartitions(positionTopic, partitions, 1);
    await this.expectCompacted();
    return partitions;
  }

  /** Makes the topic of a contract, which is missing. */
  async createFor({ topic, partitions }: Contract): Promise<Partition[]> {
    await this.create(this.topicOfFacts(topic, partitions));
    return this.partitionsOf(named(this.settings, topic));
  }

  private async partitionsOf(name: string): Promise<Partition[]> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [name] });
    const leaders = new Map(
      topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]),
    );
    const offsets = await this.admin.fetchTopicOffsets(name);
    return offsets
      .map(({ partition, low, high }) => ({
        partition,
        leader: leaders.get(partition) ?? -1,
        low: BigInt(low),
        high: BigInt(high),
      }))
      .sort((a, b) => a.partition - b.partition);
  }

  /**
   * Somebody else may make it at the same moment. The controller answers before the brokers know of the
   * topic, and the client's own wait for leaders gives up at the first that does not.
   */
  private async create(topic: ITopicConfig): Promise<void> {
    const { brokers } = await this.admin.describeCluster();
    const { replicationFactor, minInsyncReplicas } = replicationOn(brokers.length, this.settings);
    const insync = { name: 'min.insync.replicas', value: String(minInsyncReplicas) };
    const configEntries = [...(topic.configEntries ?? []), insync];
    await this.admin.createTopics({
      topics: [{ ...topic, replicationFactor, configEntries }],
      waitForLeaders: false,
    });
    const end = performance.now() + knownMs;
    while (!(await this.admin.listTopics()).includes(topic.topic)) {
      if (performance.now() > end)
        throw new Error(`no broker knows the topic ${topic.topic}, just made`);
      await sleep(50);
    }
  }

  private topicOfFacts(topic: string, numPartitions: number): ITopicConfig {
    return this.configured(topic, numPartitions, {
      'cleanup.policy': 'delete',
      'retention.ms': String(this.settings.KAFKA_RETENTION_MS),
      'retention.bytes': '-1',
      'max.message.bytes': String(maxRecordBytes),
    });
  }

  private positionTopic(): ITopicConfig {
    return this.configured(positionTopic, 1, {
      'cleanup.policy': 'compact',
      'segment.bytes': mebibyte,
      'min.cleanable.dirty.ratio': '0.1',
    });
  }

  private configured(
    topic: string,
    numPartitions: number,
    config: Record<string, string>,
  ): ITopicConfig {
    return {
      topic: named(this.settings, topic),
      numPartitions,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    };
  }

  /** One that somebody made with a retention would forget the position while nothing is published. */
  private async expectCompacted(): Promise<void> {
    const { resources } = await this.admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: named(this.settings, positionTopic),
          configNames: ['cleanup.policy'],
        },
      ],
    });
    const policy = resources[0]?.configEntries[0]?.configValue;
    if (policy === 'compact') return;
    throw new NeedsOperator(
      `the topic ${positionTopic} has cleanup.policy ${String(policy)}: it must be compact`,
    );
  }
}

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
