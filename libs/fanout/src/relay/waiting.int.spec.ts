import { afterEach, beforeEach, expect, it } from 'vitest';

import { asAdmin } from '#testing/embedded.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { until } from '#testing/until.js';

import { Publication } from '../fact.js';
import { backlogAfter } from './backlog.js';
import { counterContract } from './test/counter-contract.js';
import { RelayFixture, type RunningRelay } from './test/fixture.js';
import { setMaxMessageBytes } from './test/set-max-message-bytes.js';

const streams = ['counter-a', 'counter-b', 'counter-c'];

describeWithKafkaPrograms('a relay that cannot go on', () => {
  let fixture: RelayFixture;

  beforeEach(async () => {
    fixture = await RelayFixture.start((await sharedKafka()).brokers);
    await fixture.count(5, streams);
  });

  afterEach(() => fixture.stop());

  const waits = async (relay: RunningRelay, reason: RegExp): Promise<void> => {
    const isSaid = (): boolean => reason.test(relay.status.reason ?? '');
    await until(`says ${String(reason)}`, isSaid);
    expect(relay.status.state).toBe('waiting');
    expect(relay.status.health()).toMatchObject({ status: 'down' });
  };

  it('waits at a record that is larger than its topic takes, and says which', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await fixture.admin((admin) => setMaxMessageBytes(admin, fixture.topic, 20_000));
    const id = await fixture.append('counter-b', 'Counted', { by: 1, note: 'x'.repeat(30_000) });
    await fixture.count(5, streams);
    await waits(
      relay,
      new RegExp(`${id} \\(Counted of counter-b, 3\\d{4} bytes\\) is larger than the topic`),
    );
    const before = relay.status.published;
    await fixture.admin((admin) => setMaxMessageBytes(admin, fixture.topic, 100_000));
    await fixture.published(relay);
    expect(relay.status.published).toBe(before + 13);
    await fixture.compare();
  });

  it('cuts what is too large together', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await relay.stop();
    await fixture.admin((admin) => setMaxMessageBytes(admin, fixture.topic, 20_000));
    await fixture.count(400, streams);
    const second = fixture.run();
    await fixture.published(second);
    expect(second.status.published).toBe(960);
    await fixture.compare();
  });

  it('sends large records one after the other, before they are too large together', async () => {
    const note = 'x'.repeat(700_000);
    for (let times = 0; times < 4; times += 1) {
      await fixture.append('counter-b', 'Counted', { by: 1, note });
    }
    const outcomes: string[] = [];
    const relay = fixture.run({ onTransaction: (outcome) => outcomes.push(outcome) });
    await fixture.published(relay);
    expect(outcomes).toEqual(['committed', 'committed', 'committed', 'committed']);
    await fixture.compare();
  });

  it('waits before an event of a type that it does not know', async () => {
    await fixture.append('counter-b', 'CountedBackwards', { by: 1 });
    await fixture.count(5, streams);
    const relay = fixture.run();
    await waits(relay, /counter-b holds at 5 an event of type CountedBackwards/);
    expect(relay.status.published).toBe(12);
  });

  it('waits before an event that cannot be a fact', async () => {
    await fixture.append('counter-b', 'Counted', { by: 1 }, { occurredAt: 'yesterday' });
    await fixture.count(5, streams);
    const relay = fixture.run();
    await waits(relay, /ce_time is "yesterday", not an ISO 8601 time in UTC/);
    expect(relay.status.published).toBe(12);
  });

  it('waits for the event log, and goes on', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await fixture.node.kill();
    await waits(relay, /the event (log|store) does not answer/);
    await fixture.node.restart();
    await fixture.count(5, streams);
    await fixture.published(relay);
    // What is appended is told of before the head of the log is looked at again, or after.
    await until('is well', () => relay.status.health().status === 'up');
    await fixture.compare();
  });

  it('does not begin without Postgres, and does not end without it', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    const { name } = fixture.database;
    const closed = async (isClosed: boolean): Promise<void> => {
      await asAdmin((client) =>
        client.query(`alter database ${name} allow_connections ${String(!isClosed)}`),
      );
      await asAdmin((client) =>
        client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
          name,
        ]),
      );
    };
    await closed(true);
    const second = fixture.run();
    await waits(second, /Postgres does not say who works/);
    await fixture.count(5, streams);
    await fixture.published(relay);
    expect(relay.status.state).toBe('working');
    await closed(false);
    const states = (): string[] => [relay.status.state, second.status.state].sort();
    await until('one stands by', () => states().join() === 'standby,working');
    await fixture.count(5, streams);
    await fixture.published(relay.status.state === 'working' ? relay : second);
    await fixture.compare();
  });

  it('stands still while it is paused, also after a restart', async () => {
    const relay = fixture.run();
    await fixture.published(relay);
    await fixture.ask('RelayPaused');
    await until('paused', () => relay.status.state === 'paused');
    expect(relay.status.health()).toMatchObject({ status: 'up', state: 'paused' });
    await fixture.count(5, streams);
    await relay.stop();
    const second = fixture.run();
    await until('paused', () => second.status.state === 'paused');
    await fixture.count(5, streams);
    expect([relay.status.published, second.status.published]).toEqual([12, 0]);
    const publication = new Publication([counterContract]);
    const backlog = await backlogAfter(fixture.log, publication, second.status.position);
    expect(backlog.facts).toBe(24);
    expect(backlog.seconds).toBeGreaterThan(0);
    await fixture.ask('RelayResumed');
    await fixture.published(second);
    expect(second.status.state).toBe('working');
    await fixture.compare();
  });
});
