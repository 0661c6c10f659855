import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';

import {
  type KafkaCluster,
  moveLeaders,
  replicasOf,
  startKafkaCluster,
} from '#testing/kafka/cluster.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { runFolder } from '#testing/run-folder.js';

import { deadTopicOf } from '../cluster/topics.js';
import { counterContract } from './test/counter-contract.js';
import { RelayFixture, type RunningRelay } from './test/fixture.js';

const streams = Array.from({ length: 9 }, (_, index) => `counter-${String(index)}`);
const { TOPIC: type } = kafkajs.ConfigResourceTypes;

/** What each topic promises: copies of its partitions, and how many of them must hold a record. */
const promisesOf = async (admin: Admin, topic: string) => {
  const copies = [...(await replicasOf(admin, topic)).values()].map(({ replicas }) => replicas);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type, name: topic, configNames: ['min.insync.replicas'] }],
  });
  return {
    copies: copies.map(({ length }) => length),
    insync: resources[0]?.configEntries[0]?.configValue,
  };
};

describeWithKafkaPrograms('a relay on three brokers', () => {
  let cluster: KafkaCluster;
  let fixture: RelayFixture;
  let relay: RunningRelay;

  beforeAll(async () => {
    cluster = await startKafkaCluster(join(mkdtempSync(join(runFolder(), 'cluster-')), 'kafka'));
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
    await fixture.admin(async (admin) => {
      const inThree = (partitions: number) => ({ copies: Array(partitions).fill(3), insync: '2' });
      const { topic, positionTopic } = fixture;
      expect(await promisesOf(admin, topic)).toEqual(inThree(counterContract.partitions));
      expect(await promisesOf(admin, deadTopicOf(topic))).toEqual(inThree(1));
      expect(await promisesOf(admin, positionTopic)).toEqual(inThree(1));
    });
  });

  it('goes on while the leader of a partition is away', async () => {
    const leader = await fixture.admin((admin) => cluster.leaderOf(admin, fixture.topic, 0));
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
      await fixture.admin((admin) => moveLeaders(admin, topic));
      for (const [partition, leader] of await leadersOf(topic)) {
        expect(leader).not.toBe(leaders.get(partition));
      }
    }
    await loading;
    await fixture.published(relay);
    await fixture.compare();
  });

  const load = async (): Promise<void> => {
    for (let left = 20; left > 0; left -= 1) await fixture.count(5, streams);
  };

  const leadersOf = async (topic: string) => {
    const replicas = await fixture.admin((admin) => replicasOf(admin, topic));
    return new Map([...replicas].map(([partition, { leader }]) => [partition, leader]));
  };
});
