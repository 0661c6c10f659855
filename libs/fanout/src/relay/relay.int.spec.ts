import { afterEach, beforeEach, expect, it } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { until } from '#testing/until.js';

import { counterContract, gaugeContract } from './test/counter-contract.js';
import { RelayFixture } from './test/fixture.js';

describeWithKafkaPrograms('the relay', () => {
  let fixture: RelayFixture;

  beforeEach(async () => {
    fixture = await RelayFixture.start((await sharedKafka()).brokers);
  });

  afterEach(() => fixture.stop());

  it('publishes what is in the log and what comes, each fact once and in the order of its stream', async () => {
    const streams = Array.from({ length: 12 }, (_, index) => `counter-${String(index)}`);
    await fixture.count(200, streams);
    const outcomes = new Set<string>();
    const relay = fixture.run({ onTransaction: (outcome) => outcomes.add(outcome) });
    await fixture.published(relay);
    await fixture.count(7, streams);
    await fixture.published(relay);
    await fixture.compare();
    expect(relay.status.published).toBe((await fixture.countedInLog()).length);
    expect([...outcomes]).toEqual(['committed']);
  });

  it('goes on where the last one was', async () => {
    await fixture.count(50, ['counter-a', 'counter-b']);
    const first = fixture.run();
    await fixture.published(first);
    await first.stop();
    await fixture.count(50, ['counter-a', 'counter-c']);
    const second = fixture.run();
    await fixture.published(second);
    expect(second.status.published).toBe(80);
    await until('caught up', () => second.status.caughtUpAt !== undefined);
    await fixture.compare();
  });

  it('fills the topic of a context that is published later from the beginning', async () => {
    await fixture.count(50, ['counter-a', 'gauge-a', 'gauge-b']);
    const before = fixture.run();
    await fixture.published(before);
    expect(before.status.published).toBe(40);
    await before.stop();
    await fixture.count(50, ['counter-a', 'gauge-a']);
    const both = fixture.run({ contracts: [counterContract, gaugeContract] });
    await fixture.published(both);
    await fixture.count(5, ['gauge-b', 'counter-a']);
    await fixture.published(both);
    expect(both.status.published).toBe(40 + 120 + 8);
    await fixture.compare(counterContract);
    await fixture.compare(gaugeContract);
  });

  it('goes on with what a version without that context left', async () => {
    const contracts = [counterContract, gaugeContract];
    for (const round of [contracts, [counterContract], contracts]) {
      await fixture.count(20, ['counter-a', 'gauge-a']);
      const relay = fixture.run({ contracts: round });
      await fixture.published(relay);
      await relay.stop();
    }
    await fixture.compare(counterContract);
    await fixture.compare(gaugeContract);
  });
});
