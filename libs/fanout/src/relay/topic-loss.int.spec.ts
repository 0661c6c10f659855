import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { makeTopic } from '#testing/kafka/topics.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { HandMade, record } from '../topics/test/hand-made.js';
import { RelayControl } from './control.js';
import { counterContract } from './test/counter-contract.js';
import { RelayFixture, type RunningRelay } from './test/fixture.js';

const streams = Array.from({ length: 9 }, (_, index) => `counter-${String(index)}`);

describeWithKafkaPrograms('a relay whose topics are not as it left them', () => {
  let stores: RelayFixture;
  let fixture: RelayFixture;

  beforeAll(async () => {
    stores = await RelayFixture.start((await sharedKafka()).brokers);
    await stores.count(20, streams);
  });

  beforeEach(() => {
    fixture = stores.withNewTopics();
  });

  afterEach(() => fixture.stopRelays());
  afterAll(() => stores.stop());

  const publishedOnce = async (): Promise<void> => {
    const relay = fixture.run();
    await fixture.published(relay);
    await relay.stop();
  };

  /** Runs a relay that must not publish what comes now. */
  const stopsWith = async (reason: RegExp): Promise<RunningRelay> => {
    await fixture.count(1, streams);
    const relay = fixture.run();
    await until('stopped', () => relay.status.state === 'stopped');
    expect(relay.status.reason).toMatch(reason);
    await fixture.count(1, streams);
    expect(relay.status.published).toBe(0);
    return relay;
  };

  const reset = (): Promise<void> =>
    fixture.ask('RelayTopicReset', { topic: counterContract.topic });

  it('stops when the topic was deleted, and fills it from the start when told to', async () => {
    await publishedOnce();
    await fixture.deleteTopic(fixture.topic);
    const relay = await stopsWith(/voltrace\.counter\.v1 is gone/);
    const topics = await fixture.admin((admin) => admin.listTopics());
    expect(topics).not.toContain(fixture.topic);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('stops when the topic was made anew, and fills it when told to', async () => {
    await publishedOnce();
    await fixture.deleteTopic(fixture.topic);
    await fixture.admin((admin) => makeTopic(admin, { topic: fixture.topic, numPartitions: 3 }));
    const relay = await stopsWith(/made anew or lost records: its partition \d ends at 0/);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('stops while it works, before a record lies where another one was', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await fixture.deleteTopic(fixture.topic);
    await fixture.admin((admin) => makeTopic(admin, { topic: fixture.topic, numPartitions: 3 }));
    const before = relay.status.published;
    await fixture.count(1, streams);
    await until('stopped', () => relay.status.state === 'stopped');
    expect(relay.status.published).toBe(before);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('fills a topic that it is told to reset while it works', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    const facts = relay.status.published;
    await fixture.deleteTopic(fixture.topic);
    await reset();
    await until('filled', () => relay.status.published === 2 * facts);
    await fixture.compare();
  });

  it('stops though there is nothing to publish', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await fixture.deleteTopic(fixture.topic);
    const { now } = Date;
    const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 31_000);
    try {
      await until('stopped', () => relay.status.state === 'stopped');
    } finally {
      later.mockRestore();
    }
    expect(relay.status.reason).toMatch(/voltrace\.counter\.v1 is gone/);
  });

  it('looks again ever less often', async () => {
    await publishedOnce();
    await fixture.deleteTopic(fixture.topic);
    // Not by the clock: a process that is held up sets its timers from when it was woken.
    const looks: number[] = [];
    const done: string[] = [];
    const { changed } = RelayControl.prototype;
    const waiting = vi.spyOn(RelayControl.prototype, 'changed');
    waiting.mockImplementation(async function (this: RelayControl, ms, signal) {
      await changed.call(this, ms, signal);
      done.push(`waited ${String(ms)}`);
    });
    const tell = ({ backoffMs = 0 }: { backoffMs?: number }): void => {
      looks.push(backoffMs);
      done.push(`looked ${String(backoffMs)}`);
    };
    const relay = fixture.run({ logger: { ...quiet, warn: tell, error: tell } });
    try {
      await until('looked', () => looks.length >= 5);
    } finally {
      await relay.stop();
      waiting.mockRestore();
    }
    const each = looks.map((ms) => [`looked ${String(ms)}`, `waited ${String(ms)}`]).flat();
    expect(done).toEqual(each.slice(0, done.length));
    expect(looks[4]).toBeGreaterThan(4 * looks[0]!);
  });

  it('completes a topic whose last records were all aborted', async () => {
    await publishedOnce();
    const hand = await HandMade.start(fixture);
    const facts = await hand.facts();
    for (const stream of streams) {
      const [fact] = facts.filter((each) => each.stream === stream);
      await hand.abort(Array.from({ length: 100 }, () => record(fact!)));
    }
    await hand.stop();
    await fixture.deleteTopic(fixture.positionTopic);
    const relay = await stopsWith(/no position that says which/);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('stops when its position is gone, and completes the topic from what it holds', async () => {
    await publishedOnce();
    await fixture.deleteTopic(fixture.positionTopic);
    const relay = await stopsWith(/no position that says which/);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('doubles nothing when it is told to reset a topic that is whole', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await reset();
    await fixture.count(3, streams);
    await until('read again', () => relay.status.caughtUpAt !== undefined);
    await fixture.published(relay);
    await fixture.compare();
  });

  it('carries a reset out once, whatever happens to its position later', async () => {
    await publishedOnce();
    await reset();
    const relay = fixture.run();
    await fixture.published(relay);
    await relay.stop();
    await fixture.deleteTopic(fixture.topic);
    await stopsWith(/is gone/);
  });

  it('takes no old reset for an answer to the loss of its position', async () => {
    await publishedOnce();
    await reset();
    await publishedOnce();
    await fixture.deleteTopic(fixture.positionTopic);
    const relay = await stopsWith(/no position that says which/);
    await reset();
    await fixture.published(relay);
    await fixture.compare();
  });

  it('does not publish into a topic with another number of partitions', async () => {
    await fixture.admin((admin) => makeTopic(admin, { topic: fixture.topic, numPartitions: 4 }));
    await stopsWith(/has 4 partitions, and its contract says 3/);
  });

  it('does not take over a topic that others have filled', async () => {
    await fixture.admin((admin) => makeTopic(admin, { topic: fixture.topic, numPartitions: 3 }));
    await fixture.produce(fixture.topic, { value: 'theirs' });
    const relay = await stopsWith(/has records, and there is no position/);
    await reset();
    await until('looked', () => relay.status.reason?.includes('none of ours') === true);
    expect(relay.status).toMatchObject({ state: 'stopped', published: 0 });
  });

  it('does not write a position where it would be forgotten', async () => {
    const topic = fixture.positionTopic;
    await fixture.admin((admin) => makeTopic(admin, { topic, numPartitions: 1 }));
    await stopsWith(/has cleanup\.policy delete: it must be compact/);
  });

  it('stands still where the log is replaced, until the right one is back, or its topics were made anew', async () => {
    const relay = fixture.run();
    const written = (count: number, stream: string) =>
      until('it takes appends', () => fixture.count(count, [stream]).then(Boolean, () => false));
    await fixture.count(5, ['counter-a']);
    await fixture.published(relay);
    const { log } = fixture.node;
    await fixture.node.replaceLog();
    await until('it stands still', () => relay.status.state === 'stopped');
    expect(relay.status.reason).toMatch(
      /^this is not the event log that the relay has followed: it took event [-0-9a-f]{36} at position \d+, where this log, .* has .* delete on Kafka .*voltrace\.counter\.v1, and run "voltrace relay reset" for each$/,
    );
    expect(relay.status.health().status).toBe('down');
    await fixture.node.replaceLog(log);
    await written(3, 'counter-b');
    await fixture.published(relay);
    await fixture.compare();

    await fixture.node.replaceLog();
    await until('it stands still again', () => relay.status.state === 'stopped');
    await written(20, 'counter-c');
    await reset();
    await fixture.deleteTopic(fixture.topic);
    await until('it begins anew', () => relay.status.state === 'working');
    await fixture.published(relay);
    await fixture.compare();
  });

  it('does not go on from a log that ends before what it has published', async () => {
    await publishedOnce();
    const other = await RelayFixture.start(fixture.settings.KAFKA_BROKERS, fixture.settings);
    try {
      await other.count(1, ['counter-other']);
      const relay = other.run();
      await until('stopped', () => relay.status.state === 'stopped');
      expect(relay.status.reason).toMatch(/^this is not the event log that the relay has followed/);
      // A reset is no answer to that: it would pass over what the topic seems to hold.
      await other.ask('RelayTopicReset', { topic: counterContract.topic });
      await relay.stop();
      const next = other.run();
      await until('stopped again', () => next.status.state === 'stopped');
      expect(next.status.reason).toMatch(/^this is not the event log that the relay has followed/);
    } finally {
      await other.stop();
    }
    await fixture.compare();
  });
});
