import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';

import { KafkaCluster } from '#testing/kafka/cluster.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { runFolder } from '#testing/run-folder.js';
import { until } from '#testing/until.js';

import { deadTopicOf } from '../cluster/topics.js';
import { Publisher } from './publisher.js';
import { counterContract } from './test/counter-contract.js';
import { RelayFixture, type RunningRelay } from './test/fixture.js';

const streams = Array.from({ length: 9 }, (_, index) => `counter-${String(index)}`);
/** As `transaction.state.log.num.partitions` of the test brokers. */
const coordinatorPartitions = 4;
const { NOTHING } = kafkajs.logLevel;
const { TOPIC: type } = kafkajs.ConfigResourceTypes;

/** Which partition of `__transaction_state` holds a transactional id: Java's hash of the text, modulo their number. */
const coordinatorPartition = (transactionalId: string): number => {
  let hash = 0;
  for (const character of transactionalId) {
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  }
  return (hash & 0x7fffffff) % coordinatorPartitions;
};

describeWithKafkaPrograms('a relay on three brokers', () => {
  let cluster: KafkaCluster;
  let fixture: RelayFixture;
  let relay: RunningRelay;

  beforeAll(async () => {
    cluster = await KafkaCluster.start(join(mkdtempSync(join(runFolder(), 'cluster-')), 'kafka'));
    fixture = await RelayFixture.start(cluster.brokers, { KAFKA_REPLICATION_FACTOR: -1 });
    relay = fixture.run();
  });

  afterAll(async () => {
    await fixture.stop();
    await cluster.dispose();
  });

  it('makes topics of three copies, two of which must have a record', async () => {
    await fixture.count(5, streams);
    await fixture.published(relay);
    for (const topic of [fixture.topic, deadTopicOf(fixture.topic), fixture.positionTopic]) {
      const partitions = [...(await cluster.replicasOf(topic)).values()];
      expect(partitions).toHaveLength(topic === fixture.topic ? counterContract.partitions : 1);
      for (const { replicas } of partitions) expect(replicas).toHaveLength(3);
      expect(await neededCopiesOf(topic)).toBe('2');
    }
  });

  it('goes on while the leader of a partition is away', async () => {
    const leader = await cluster.leaderOf(fixture.topic, 0);
    const loading = load();
    await leader.kill();
    await loading;
    await fixture.published(relay);
    expect(leader.isRunning).toBe(false);
    await leader.restart();
  });

  it('goes on when all leaders are moved, and has lost and doubled nothing by then', async () => {
    const loading = load();
    for (const topic of [fixture.topic, fixture.positionTopic]) {
      const leaders = await leadersOf(topic);
      await cluster.moveLeaders(topic);
      for (const [partition, leader] of await leadersOf(topic)) {
        expect(leader).not.toBe(leaders.get(partition));
      }
    }
    await loading;
    await fixture.published(relay);
    await fixture.compare();
  });

  it('does not take a partition for written that kafkajs left out when its leader moved', async () => {
    const transactionalId = 'left-out';
    const staying = await cluster.leaderOf(
      '__transaction_state',
      coordinatorPartition(transactionalId),
    );
    const [moving, third] = cluster.members.filter((member) => member !== staying);
    if (!moving || !third) throw new Error('there are three brokers');
    const topic = 'left-out';
    const copies = [staying, moving, third].map(({ nodeId }) => nodeId);
    const [first, second, last] = copies as [number, number, number];
    await fixture.admin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic,
            replicaAssignment: [
              { partition: 0, replicas: [first, second, last] },
              { partition: 1, replicas: [second, first, last] },
            ],
          },
        ],
      }),
    );
    const kafka = new kafkajs.Kafka({
      brokers: [staying.brokers],
      logLevel: NOTHING,
      requestTimeout: 30_000,
    });
    const publisher = await Publisher.connect({
      ...{ kafka, transactionalId, transactionTimeoutMs: 60_000 },
      // As it was known before: one of them leads both partitions.
      leaderOf: () => first,
    });
    const publish = () =>
      publisher.publish(
        [
          {
            topic,
            records: [0, 1].map((partition) => ({ key: 'a', value: Buffer.from('1'), partition })),
          },
        ],
        () => undefined,
      );
    try {
      expect(await publish()).toHaveLength(2);
      await moving.kill('SIGSTOP');
      const published = publish().then(
        (l) => 'committed ' + JSON.stringify(l.map((x) => [x.partition, String(x.offset)])),
        (error: unknown) => String(error),
      );
      await until('another member leads the partition', async () => {
        const { partitions } = await metadataOf(topic, staying.brokers);
        const moved = partitions.find(({ partitionId }) => partitionId === 1);
        return moved?.leader === first;
      });
      await moving.kill('SIGCONT');
      expect(await published).toContain(`confirmed no record of ${topic}/1`);
    } finally {
      await moving.kill('SIGCONT');
      await publisher.close();
    }
  });

  /** Asks again soon where kafkajs asks the broker that is frozen. */
  const metadataOf = async (topic: string, brokers: string) => {
    const retry = { retries: 0 };
    const impatient = { brokers: [brokers], requestTimeout: 500, retry };
    const admin = new kafkajs.Kafka({ ...impatient, logLevel: NOTHING }).admin({ retry });
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return { partitions: topics[0]?.partitions ?? [] };
    } catch {
      return { partitions: [] };
    } finally {
      await admin.disconnect();
    }
  };

  const neededCopiesOf = async (topic: string) => {
    const resources = [{ type, name: topic, configNames: ['min.insync.replicas'] }];
    const described = await fixture.admin((admin) =>
      admin.describeConfigs({ includeSynonyms: false, resources }),
    );
    return described.resources[0]?.configEntries[0]?.configValue;
  };

  const load = async (): Promise<void> => {
    for (let left = 20; left > 0; left -= 1) await fixture.count(5, streams);
  };

  const leadersOf = async (topic: string) => {
    const replicas = await cluster.replicasOf(topic);
    return new Map([...replicas].map(([partition, { leader }]) => [partition, leader]));
  };
});
