import { afterEach, beforeEach, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { partitionerFor } from '../cluster/partitioner.js';
import { HandMade, record } from '../topics/test/hand-made.js';
import { markerKey } from './position-record.js';
import type { RelayOptions } from './relay.js';
import type { Step } from './session.js';
import { counterContract, gaugeContract } from './test/counter-contract.js';
import { RelayFixture } from './test/fixture.js';

const streams = Array.from({ length: 9 }, (_, index) => `counter-${String(index)}`);
/** Of one stream: its facts are more than one transaction takes. */
const many = 1_300;

describeWithKafkaPrograms('a relay that starts over', () => {
  let fixture: RelayFixture;
  let failures: string[];
  let logger: RelayOptions['logger'];

  beforeEach(async () => {
    fixture = await RelayFixture.start((await sharedKafka()).brokers);
    failures = [];
    logger = { ...quiet, warn: ({ err }: { err?: Error }) => failures.push(String(err?.message)) };
  });

  afterEach(() => fixture.stop());

  /** Fails once, when the records of that transaction are sent and not committed. */
  const failingAt = (transaction: number): ((step: Step) => void) => {
    let sent = 0;
    return (step) => {
      if (step === 'sent') sent += 1;
      if (step === 'sent' && sent === transaction) throw new Error('it fails here');
    };
  };

  it('doubles nothing in one topic when it fails while it fills another from the beginning', async () => {
    await fixture.count(20, streams);
    await fixture.count(many, ['gauge-a']);
    await fixture.count(20, streams);
    const before = fixture.run();
    await fixture.published(before);
    await before.stop();
    const contracts = [counterContract, gaugeContract];
    // The first one holds the position.
    const both = fixture.run({ contracts, logger, step: failingAt(3) });
    await fixture.published(both);
    expect(failures).toEqual(['it fails here']);
    await fixture.compare(counterContract);
    await fixture.compare(gaugeContract);
  });

  it('doubles nothing when it fails in the middle of a reset', async () => {
    await fixture.count(many, ['counter-a']);
    await fixture.count(20, streams);
    const hand = await HandMade.start(fixture);
    const partitionOf = partitionerFor(counterContract.topic, counterContract.partitions);
    const lost = partitionOf('counter-a');
    const facts = await hand.facts();
    await hand.commit(facts.filter(({ stream }) => partitionOf(stream) !== lost).map(record));
    await hand.stop();
    const relay = fixture.run({ logger, step: failingAt(3) });
    await until('stopped', () => relay.status.state === 'stopped');
    await fixture.ask('RelayTopicReset', { topic: counterContract.topic });
    await fixture.published(relay);
    expect(failures).toEqual(['it fails here']);
    await fixture.compare();
  });

  it('goes on where it was, behind many starts that published nothing', async () => {
    await fixture.count(20, streams);
    const first = fixture.run();
    await fixture.published(first);
    await first.stop();
    const starts = Array.from({ length: 300 }, () => ({ key: markerKey, value: 'of a start' }));
    await fixture.produce(fixture.positionTopic, ...starts);
    await fixture.count(5, streams);
    const second = fixture.run();
    await fixture.published(second);
    expect(second.status.published).toBe(streams.length * 4);
    await fixture.compare();
  });

  it('says that something else was written to its topic, and goes on behind it', async () => {
    const hand = await HandMade.start(fixture);
    await fixture.count(5, streams);
    const relay = fixture.run({ logger });
    await fixture.published(relay);
    await hand.abort((await hand.facts()).map(record));
    await hand.stop();
    await fixture.count(5, streams);
    await fixture.published(relay);
    expect(failures).toEqual([
      expect.stringMatching(/^something else was written to the topic: voltrace\.counter\.v1/),
    ]);
    await fixture.compare();
  });

  it('gives a transaction up before the broker does, and sends it again', async () => {
    await fixture.count(20, streams);
    let sent = 0;
    const relay = fixture.run({
      logger,
      transactionTimeoutMs: 2_000,
      step: async (step) => {
        if (step === 'sent') sent += 1;
        if (step === 'sent' && sent === 2) await new Promise(() => undefined);
      },
    });
    await fixture.published(relay);
    expect(failures).toContain('a transaction took longer than 1600 ms');
    await fixture.compare();
  });
});
