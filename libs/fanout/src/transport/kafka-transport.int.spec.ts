import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';

import { commandMeta } from '#testing/decider-spec.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { until } from '#testing/until.js';

import { toFact } from '../cloud-event.js';
import { deadTopicOf } from '../cluster/topics.js';
import { consumerStatus } from '../consumer/consumer-statuses.js';
import { listDeadLetters } from '../consumer/dead-letter-list.js';
import { KafkaCarrier } from '../contract-suite/kafka-carrier.js';
import { ledger } from '../contract-suite/ledger.js';
import { plainly, World } from '../contract-suite/world.js';

describeWithKafka('the Kafka transport', () => {
  let world: World;
  let carrier: KafkaCarrier;

  beforeEach(async () => {
    carrier = await KafkaCarrier.start();
    world = await World.start({ plug: plainly, carrier: () => Promise.resolve(carrier) });
  });

  afterEach(() => world.stop());

  const level = async (): Promise<void> => {
    await until('the consumer is level', async () => {
      const { lagSeconds, partitions } = await consumerStatus(world.store, 'ledger');
      return partitions.length === 3 && lagSeconds === 0;
    });
  };

  const reset = async (): Promise<void> => {
    const meta = commandMeta({ commandId: randomUUID(), reason: 'the topic was made anew' });
    await world.admin.reset('ledger', null, meta);
  };

  const stopped = async (): Promise<string | null> => {
    await until('the consumer is stopped', async () => {
      return (await consumerStatus(world.store, 'ledger')).state === 'stopped';
    });
    return (await consumerStatus(world.store, 'ledger')).reason;
  };

  it('lays aside what is no fact, at once, and nothing waits behind it', async () => {
    const foreign = { key: 'tally-a', value: 'anything', headers: { left: Buffer.from([0, 255]) } };
    await world.count(2, 'tally-a');
    await carrier.send([foreign]);
    await world.count(2, 'tally-a');
    await world.run(ledger());
    await world.untilWritten(4);
    const letters = await listDeadLetters(world.store, { limit: 10 });
    expect(letters).toMatchObject([
      { key: 'tally-a', type: null, position: null, attempts: 1, error: expect.any(String) },
    ]);
    expect(letters[0]?.error).toMatch(/^no fact: /);
    expect(await world.faults()).toEqual([]);
    const [letter] = letters;
    await world.admin.retry('ledger', letter?.id, commandMeta());
    await until('it was tried again', async () => {
      const [again] = await listDeadLetters(world.store, { limit: 10 });
      return again?.attempts === 2;
    });
  });

  it('writes dead letters to the dead topic, as they came and with the reason', async () => {
    await world.count(1, 'tally-bad', { does: 'fail' });
    await world.count(1, 'tally-bad');
    const run = await world.run(
      ledger({
        before: ({ data }) => {
          if (data['does'] === 'fail') throw new Error('told to fail');
        },
      }),
    );
    const published = 'select count(*)::int from fanout.dead_letter where published_at is not null';
    await until('both are written', async () => (await world.value(published)) === 2);
    await run.stop();
    const records = await readAll(carrier, deadTopicOf(carrier.topic), 2);
    const letters = await listDeadLetters(world.store, { limit: 10 });
    expect(records.map(shown)).toEqual([
      {
        dead: letters[0]?.id,
        fact: letters[0]?.factId,
        consumer: 'ledger',
        attempts: '5',
        error: 'Error: told to fail',
      },
      {
        dead: letters[1]?.id,
        fact: letters[1]?.factId,
        consumer: 'ledger',
        attempts: '0',
        error: 'an earlier fact of the key is dead',
      },
    ]);
  });

  it('leaves a letter in the table that is too large for the dead topic, and writes the others', async () => {
    await carrier.createDeadTopic({ 'max.message.bytes': '900' });
    await carrier.send([
      { key: 'tally-large', value: 'x'.repeat(2_000) },
      { key: 'tally-small', value: 'x' },
    ]);
    await world.run(ledger());
    const published = 'select count(*)::int from fanout.dead_letter where published_at is not null';
    await until('both are seen to', async () => (await world.value(published)) === 2);
    const records = await readAll(carrier, deadTopicOf(carrier.topic), 1);
    expect(records.map(({ key }) => String(key))).toEqual(['tally-small']);
  });

  it('keeps its partitions while a batch takes longer than its session, whoever joins', async () => {
    const patient = carrier.transport({ sessionTimeoutMs: 6_000 });
    let batches = 0;
    const slow = ledger({
      after: async (_, client) => {
        batches += 1;
        // The server ends a transaction that stands idle for as long as all of it takes.
        for (let second = 0; second < 9; second += 1) {
          await sleep(1_000);
          await client.query('select 1');
        }
      },
    });
    await world.count(5, 'tally-a');
    await world.run(slow, { transport: patient });
    await until('the batch is in hand', () => batches === 1);
    await world.run(ledger(), { transport: carrier.transport({ sessionTimeoutMs: 6_000 }) });
    await world.untilWritten(5);
    // The group waited for the batch: nobody else began it.
    expect(batches).toBe(1);
    await world.count(5, 'tally-a');
    await world.untilWritten(10);
    expect(await world.faults()).toEqual([]);
    expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
  });

  it('passes over transactions that were taken back, and the markers of all', async () => {
    await world.run(ledger());
    await world.count(3, 'tally-a');
    const taken = { key: 'tally-a', value: 'taken back' };
    for (let round = 0; round < 3; round += 1) await carrier.send([taken], { abort: true });
    await world.untilWritten(3);
    await level();
    await world.count(1, 'tally-a');
    await world.untilWritten(4);
    await level();
    expect(await world.faults()).toEqual([]);
    expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
  });

  it('waits for a topic that is not there, and says so', async () => {
    await carrier.deleteTopic();
    const run = await world.run(ledger());
    const waitsFor = 'the topic voltrace.tally.v1 is not there';
    await until('it says so', () => run.runner.status().reason === waitsFor);
    expect(run.runner.status()).toMatchObject({ state: 'waiting', lastProgressAt: undefined });
    await carrier.createTopic();
    await world.count(3);
    await world.untilWritten(3);
    await level();
    await until('it runs', () => run.runner.status().state === 'running');
  });

  it('stops at a topic that another system publishes to', async () => {
    carrier.bring = () => Promise.resolve();
    await world.count(1, 'tally-a');
    const { messages } = await carrier.nextPage(world);
    const theirs = messages.map((message) => ({
      ...message,
      headers: { ...message.headers, ce_id: randomUUID() },
    }));
    await carrier.send(theirs);
    await world.run(ledger());
    expect(await stopped()).toMatch(/is not in the event log: another system publishes/);
    expect(await world.written()).toBe(0);
  });

  it('stops at a topic that was made anew and holds less, until it is reset', async () => {
    await world.count(50, 'tally-a');
    const run = await world.run(ledger());
    await world.untilWritten(50);
    await level();
    await carrier.deleteTopic();
    await carrier.createTopic();
    // The latter where it looked between the two.
    expect(await stopped()).toMatch(/made anew or lost records|the partition is gone/);
    expect(run.runner.status().stopped).toHaveLength(1);
    await carrier.bring(world);
    await sleep(3_000);
    expect(await world.written()).toBe(50);
    await reset();
    await world.count(1, 'tally-a');
    await until('all is delivered again', async () => (await world.written()) === 51);
    await level();
    expect(await world.faults()).toEqual([]);
    await until('it runs', () => run.runner.status().state === 'running');
  });

  it('stops at a topic that was made anew while it was down, however much it holds', async () => {
    await world.count(5, 'tally-a');
    const run = await world.run(ledger());
    await world.untilWritten(5);
    await run.stop();
    await carrier.deleteTopic();
    await carrier.createTopic();
    // Other records lie where it stopped: a reader that trusts its offset would miss some of them.
    await carrier.send(Array.from({ length: 3 }, () => ({ key: 'tally-a', value: 'filling' })));
    await world.count(50, 'tally-a');
    await world.run(ledger());
    expect(await stopped()).toMatch(/is not the one at position/);
    expect(await world.written()).toBe(5);
    await reset();
    await until('all is delivered again', async () => (await world.written()) === 55);
    expect(await world.faults()).toEqual([]);
  });
});

const shown = ({ headers = {} }: KafkaMessage): object => ({
  dead: String(headers['voltrace_dead_id']),
  fact: toFact({
    key: Buffer.from('tally-bad'),
    value: Buffer.from('{}'),
    headers,
  }).id,
  consumer: String(headers['voltrace_consumer']),
  attempts: String(headers['voltrace_attempts']),
  error: String(headers['voltrace_error']),
});

const readAll = async (
  { kafka }: KafkaCarrier,
  topic: string,
  count: number,
): Promise<KafkaMessage[]> => {
  const consumer = kafka.consumer({ groupId: randomUUID(), allowAutoTopicCreation: false });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      messages.push(message);
      return Promise.resolve();
    },
  });
  await until('the records are read', () => messages.length >= count);
  await consumer.disconnect();
  return messages;
};
