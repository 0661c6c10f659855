import { type Admin, Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { until } from '../until.js';
import { describeWithKafkaPrograms } from './describe-with-kafka.js';
import { type ReadRecord, readTopicIndependently } from './read-independently.js';
import { freshNamespace, sharedKafka, type TestKafka } from './shared.js';
import { endsOf, makeTopic } from './topics.js';

const quietMs = 1_500;

describeWithKafkaPrograms('the independent reader', () => {
  const namespace = freshNamespace();
  const topic = `${namespace}.facts`;
  const short = `${namespace}.short`;
  let kafka: TestKafka;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    kafka = await sharedKafka();
    const client = new Kafka({ brokers: kafka.brokers.split(','), logLevel: logLevel.NOTHING });
    admin = client.admin();
    producer = client.producer({ transactionalId: namespace, maxInFlightRequests: 1 });
    await Promise.all([admin.connect(), producer.connect()]);
    await makeTopic(admin, { topic, numPartitions: 3 });
  });

  afterAll(async () => {
    await admin.deleteTopics({ topics: [topic, short] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });

  async function send(messages: Message[], end: 'commit' | 'abort'): Promise<void> {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages });
    await transaction[end]();
  }

  async function read(atLeast: number, isolationLevel?: 'read_uncommitted'): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    await readTopicIndependently({
      ...kafka,
      topic,
      atLeast,
      quietMs,
      ...(isolationLevel && { isolationLevel }),
      onRecord: (record) => records.push(record),
    });
    return records;
  }

  it('sees what was committed and not what was aborted', async () => {
    const headers = { ce_id: '7', voltrace_position: '12', error: 'first line,\nsecond: line' };
    await send([{ key: 'a', value: '{"name":"Größe\\t1"}', headers }], 'commit');
    await send([{ key: 'a', value: 'aborted' }], 'abort');
    await send([{ key: 'a', value: null }], 'commit');
    await send([{ key: null, value: 'no key', partition: 0 }], 'commit');

    const records = await read(3);
    const ofKey = records.filter(({ key }) => key === 'a');
    expect(ofKey.map(({ value }) => value)).toEqual(['{"name":"Größe\\t1"}', null]);
    expect(Object.fromEntries(ofKey[0]?.headers ?? [])).toEqual(headers);
    expect(ofKey[1]!.offset).toBeGreaterThan(ofKey[0]!.offset);
    expect(records.filter(({ key }) => key === null)).toMatchObject([
      { partition: 0, value: 'no key', headers: new Map() },
    ]);
    expect(records).toHaveLength(3);

    const all = await read(4, 'read_uncommitted');
    expect(all.map(({ value }) => value)).toContain('aborted');
  });

  it('waits for nothing more where it knows the ends', async () => {
    await makeTopic(admin, { topic: short, numPartitions: 2 });
    const messages = ['one', 'two', 'three'].map((value) => ({ value, partition: 1 }));
    const transaction = await producer.transaction();
    await transaction.send({ topic: short, messages });
    await transaction.commit();
    await until('the end is known', async () => (await endsOf(admin, short)).get(1) === 4);
    const values: (string | null)[] = [];
    await readTopicIndependently({
      ...kafka,
      topic: short,
      atLeast: 3,
      // Longer than a test may take.
      quietMs: 600_000,
      ends: await endsOf(admin, short),
      onRecord: ({ value }) => values.push(value),
    });
    expect(values).toEqual(['one', 'two', 'three']);
  });

  it('finds an empty topic empty', async () => {
    const empty = `${namespace}.empty`;
    await makeTopic(admin, { topic: empty, numPartitions: 1 });
    const request = { ...kafka, topic: empty, quietMs, onRecord: () => undefined };
    expect(await readTopicIndependently(request)).toBe(0);
    await admin.deleteTopics({ topics: [empty] });
  });

  it('waits for records that are slow to come, where it knows of them', async () => {
    const late = `${namespace}.late`;
    await makeTopic(admin, { topic: late, numPartitions: 1 });
    const values: (string | null)[] = [];
    const onRecord = ({ value }: ReadRecord) => values.push(value);
    const reading = readTopicIndependently({
      ...{ ...kafka, topic: late, onRecord, quietMs: 1 },
      atLeast: 2,
    });
    for (const value of ['one', 'two']) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: late, messages: [{ value }] });
      await transaction.commit();
      // The reader stands behind the first one, and nothing comes.
      if (value === 'one') await until('the first one is read', () => values.length === 1);
    }
    expect(await reading).toBe(2);
    expect(values).toEqual(['one', 'two']);
    await admin.deleteTopics({ topics: [late] });
  });

  it('fails for a topic that is not there instead of finding it empty', async () => {
    const reading = readTopicIndependently({
      ...kafka,
      topic: `${namespace}.absent`,
      quietMs,
      onRecord: () => undefined,
    });
    await expect(reading).rejects.toThrow('UNKNOWN_TOPIC_OR_PARTITION');
  });

  it('fails when no broker answers', async () => {
    const reading = readTopicIndependently({
      brokers: '127.0.0.1:1',
      topic,
      quietMs,
      onRecord: () => undefined,
    });
    await expect(reading).rejects.toThrow('could not be established');
  });

  it('fails with the error of who looks at the records', async () => {
    const reading = readTopicIndependently({
      ...kafka,
      topic,
      quietMs,
      onRecord: () => {
        throw new Error('not what I expected');
      },
    });
    await expect(reading).rejects.toThrow('not what I expected');
  });
});
