import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { nothingLeft } from '#subscription/test/harness.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { until } from '#testing/until.js';

import { ConsumerHarness, direct } from '../contract-suite/harness.js';
import { KafkaTransport } from '../contract-suite/kafka-transport.js';
import { failingLedger, ledger } from '../contract-suite/ledger.js';

describeWithKafka('Kafka as a source', () => {
  let harness: ConsumerHarness;
  let transport: KafkaTransport;

  beforeEach(async () => {
    transport = await KafkaTransport.start();
    harness = await ConsumerHarness.start({
      adapter: direct,
      transport: () => Promise.resolve(transport),
    });
  });

  afterEach(() => harness.stop());

  const untilCaughtUp = async (): Promise<void> => {
    await until('the consumer has caught up', async () => {
      const { lagSeconds, partitions } = await harness.overview();
      return partitions.length === 3 && lagSeconds === 0;
    });
  };

  const reset = () => harness.operator.reset('ledger', null, 'the topic was made anew');

  const untilStopped = async (): Promise<string | null> => {
    await until('it is stopped', async () => (await harness.overview()).state === 'stopped');
    return (await harness.overview()).reason;
  };

  it('parks what is no fact, at once, and nothing waits behind it', async () => {
    const headers = { left: Buffer.from([0, 255]) };
    const foreign = { key: 'counter-a', value: 'anything', headers };
    await harness.append(2, 'counter-a');
    await transport.send([foreign]);
    await harness.append(2, 'counter-a');
    await harness.run(ledger());
    await harness.untilWritten(4);
    const parked = await harness.untilParked(1);
    expect(parked).toMatchObject([
      {
        ...{ stream: 'counter-a', type: null, position: null, attempts: 1 },
        error: expect.stringMatching(/^no fact: /),
      },
    ]);
    expect(await harness.faults()).toEqual([]);
    expect(await harness.operator.retry(parked[0]?.id)).toBe('0 handled, 1 key fails again');
    expect((await harness.parked())[0]).toMatchObject({ attempts: 2 });
    const stored = 'select value, headers from subscription.parked';
    expect(await harness.rows(stored)).toEqual([
      { value: Buffer.from('anything'), headers: { left: { base64: 'AP8=' } } },
    ]);
    expect(await harness.operator.discard(parked[0]?.id ?? '')).toMatch(/^discarded/);
    expect(await harness.leftOver()).toEqual(nothingLeft);
  });

  it('keeps the bytes of what it parks: it is handled again though the topic is gone', async () => {
    const failure = { broken: true };
    await harness.append(1, 'counter-bad', { does: 'fail' });
    await harness.append(1, 'counter-bad');
    await harness.run(failingLedger({ failure }));
    await harness.untilParked(2);
    await transport.deleteTopic();
    failure.broken = false;
    expect(await harness.operator.retry(undefined, 'ledger')).toBe('2 handled');
    expect(await harness.faults()).toEqual([]);
  });

  it('keeps its partitions while a batch takes longer than its session, whoever joins', async () => {
    const sessionTimeoutMs = 6_000;
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
    await harness.append(5, 'counter-a');
    await harness.run(slow, { source: transport.sourceWith({ sessionTimeoutMs }) });
    await until('the batch is in hand', () => batches === 1);
    await harness.run(ledger(), { source: transport.sourceWith({ sessionTimeoutMs }) });
    await harness.untilWritten(5);
    // The group waited for the batch: nobody else began it.
    expect(batches).toBe(1);
    await harness.append(5, 'counter-a');
    await harness.untilWritten(10);
    expect(await harness.faults()).toEqual([]);
    expect(await harness.leftOver()).toEqual(nothingLeft);
  });

  it('passes over transactions that were taken back, and the markers of all', async () => {
    await harness.run(ledger());
    await harness.append(3, 'counter-a');
    const taken = { key: 'counter-a', value: 'taken back' };
    for (let round = 0; round < 3; round += 1) await transport.send([taken], { abort: true });
    await harness.untilWritten(3);
    await untilCaughtUp();
    await harness.append(1, 'counter-a');
    await harness.untilWritten(4);
    await untilCaughtUp();
    expect(await harness.faults()).toEqual([]);
    expect(await harness.leftOver()).toEqual(nothingLeft);
  });

  it('waits for a topic that is not there, and says so', async () => {
    await transport.deleteTopic();
    const run = await harness.run(ledger());
    const waitsFor = 'the topic voltrace.counter.v1 is not there';
    await until('it says so', () => run.runner.status().reason === waitsFor);
    expect(run.runner.status()).toMatchObject({ state: 'waiting', lastProgressAt: undefined });
    await transport.createTopic();
    await harness.append(3);
    await harness.untilWritten(3);
    await untilCaughtUp();
    await until('it runs', () => run.runner.status().state === 'running');
  });

  it('stops at a topic that another system publishes to', async () => {
    transport.publish = () => Promise.resolve();
    await harness.append(1, 'counter-a');
    const { messages } = await transport.nextPage(harness);
    const theirs = messages.map((message) => ({
      ...message,
      headers: { ...message.headers, ce_id: randomUUID() },
    }));
    await transport.send(theirs);
    await harness.run(ledger());
    expect(await untilStopped()).toMatch(/is not in the event log: another system publishes/);
    expect(await harness.written()).toBe(0);
  });

  it('stops at a topic that was made anew and holds less, until it is reset', async () => {
    await harness.append(50, 'counter-a');
    const run = await harness.run(ledger());
    await harness.untilWritten(50);
    await untilCaughtUp();
    await transport.deleteTopic();
    await transport.createTopic();
    // The latter where it was inspected between the two.
    expect(await untilStopped()).toMatch(/made anew or lost records|the partition is gone/);
    await transport.publish(harness);
    await sleep(3_000);
    expect(await harness.written()).toBe(50);
    await reset();
    await harness.append(1, 'counter-a');
    await until('all is delivered again', async () => (await harness.written()) === 51);
    await untilCaughtUp();
    expect(await harness.faults()).toEqual([]);
    await until('it runs', () => run.runner.status().state === 'running');
  });

  it('stops at a topic that was made anew while it was down, however much it holds', async () => {
    await harness.append(5, 'counter-a');
    const run = await harness.run(ledger());
    await harness.untilWritten(5);
    await run.stop();
    await transport.deleteTopic();
    await transport.createTopic();
    // Other records lie where it stopped: a reader that trusts its offset would miss some of them.
    await transport.send(Array.from({ length: 3 }, () => ({ key: 'counter-a', value: 'filling' })));
    await harness.append(50, 'counter-a');
    await harness.run(ledger());
    expect(await untilStopped()).toMatch(/is not the one at position/);
    expect(await harness.written()).toBe(5);
    await reset();
    await until('all is delivered again', async () => (await harness.written()) === 55);
    expect(await harness.faults()).toEqual([]);
  });
});
