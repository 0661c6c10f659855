import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { identityOf, waitForEnd } from '#embedded/processes.js';

import { runFolder } from '../run-folder.js';
import { until } from '../until.js';
import { startKafkaBroker } from './broker.js';
import { describeWithKafkaPrograms } from './describe-with-kafka.js';
import { readTopicIndependently } from './read-independently.js';
import { type OwnKafka, ownKafka } from './shared.js';
import { makeTopic } from './topics.js';

describeWithKafkaPrograms('a broker of our own', () => {
  let own: OwnKafka;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    own = await ownKafka();
    const kafka = new Kafka({ brokers: [own.brokers], logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    producer = kafka.producer({ transactionalId: 'example', maxInFlightRequests: 1 });
    await Promise.all([admin.connect(), producer.connect()]);
  });

  afterAll(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
    await own.dispose();
  });

  async function commit(topic: string, value: string): Promise<void> {
    const transaction = await producer.transaction();
    try {
      await transaction.send({ topic, messages: [{ key: 'a', value }] });
      await transaction.commit();
    } catch (error) {
      await transaction.abort();
      throw error;
    }
  }

  async function valuesOf(topic: string, atLeast: number): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    await readTopicIndependently({
      brokers: own.brokers,
      topic,
      atLeast,
      quietMs: 1_500,
      onRecord: ({ value }) => values.push(value),
    });
    return values;
  }

  it('makes no topic that nobody asked for', async () => {
    await expect(commit('unasked', 'one')).rejects.toThrow(/does not host this topic-partition/);
    expect(await admin.listTopics()).not.toContain('unasked');
  });

  it('keeps what was committed when it is killed, and when it is stopped', async () => {
    await makeTopic(admin, { topic: 'facts', numPartitions: 2 });
    const { clusterId } = await admin.describeCluster();
    const { pid } = own.broker;
    await commit('facts', 'one');
    await own.broker.kill();
    expect(identityOf(pid)).toBeUndefined();
    await own.broker.restart();
    await commit('facts', 'two');
    await own.broker.restart();
    expect((await admin.describeCluster()).clusterId).toBe(clusterId);
    expect(await valuesOf('facts', 2)).toEqual(['one', 'two']);
  });

  it('goes on after it was frozen', async () => {
    await makeTopic(admin, { topic: 'frozen', numPartitions: 1 });
    await own.broker.kill('SIGSTOP');
    let committed = false;
    const committing = commit('frozen', 'one').then(() => (committed = true));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(committed).toBe(false);
    await own.broker.kill('SIGCONT');
    await committing;
    expect(await valuesOf('frozen', 1)).toEqual(['one']);
  });

  it('starts once on a new folder, however many start there at the same instant', async () => {
    const folder = join(runFolder(), 'contended-kafka');
    const options = { folder, removeAfterwards: folder };
    const starts = [1, 2, 3, 4].map(() => startKafkaBroker(options));
    const answers = await Promise.allSettled(starts);
    const brokers = answers.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
    expect(brokers).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(String(answer.reason)).toMatch(/already runs on/);
    }
    const [broker] = brokers;
    await expect(startKafkaBroker(options)).rejects.toThrow(/already runs on/);
    await broker!.restart();
    await expect(startKafkaBroker(options)).rejects.toThrow(/already runs on/);
    await broker!.kill();
    const next = await startKafkaBroker(options);
    await expect(broker!.restart()).rejects.toThrow(/already runs on/);
    await next.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends with its owner, frozen or not, and takes its files along', async () => {
    // Ends with our end of its input, should the test fail before it is killed.
    const owner = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    const folder = mkdtempSync(join(runFolder(), 'owned-kafka-'));
    const broker = await startKafkaBroker({
      folder,
      ownerPid: owner.pid!,
      removeAfterwards: folder,
    });
    const identity = identityOf(broker.pid)!;
    await broker.kill('SIGSTOP');
    owner.kill('SIGKILL');
    expect(await waitForEnd(identity, 60_000)).toBe(true);
    await until('its files are gone', () => !existsSync(folder));
  });
});
