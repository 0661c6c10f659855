import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { KafkaCluster } from '#testing/kafka/cluster.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { runFolder } from '#testing/run-folder.js';

import { counterContract } from './test/counter-contract.js';
import { RelayFixture, type RunningRelay } from './test/fixture.js';

const streams = Array.from({ length: 9 }, (_, index) => `counter-${String(index)}`);
const { TOPIC: type } = kafkajs.ConfigResourceTypes;

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
    for (const topic of [fixture.topic, fixture.positionTopic]) {
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
