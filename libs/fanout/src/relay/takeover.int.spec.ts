import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import type { AppProcess } from '#embedded/app-process.js';
import { seeded } from '#test/support/seeded.js';
import { describeWithKafkaPrograms } from '#testing/kafka/describe-with-kafka.js';
import { sharedKafka } from '#testing/kafka/shared.js';
import { until } from '#testing/until.js';

import { RelayFixture } from './test/fixture.js';

const streams = Array.from({ length: 5 }, (_, index) => `counter-${String(index)}`);

/** What it said since: on a machine where its start took too long, it has given up before. */
const sinceFrozen = ({ output }: AppProcess): string => output.split('it freezes').at(-1) ?? '';
/**
 * Whichever it meets first: its own time limit, which a long sleep outlasts, or the broker's answer. What
 * counts is that it wrote nothing: `compare` says so.
 */
const hasGivenUp = (relay: AppProcess): boolean =>
  /this one stands by|goes on from what was committed/.test(sinceFrozen(relay));

describeWithKafkaPrograms('relays that are killed or frozen', () => {
  let stores: RelayFixture;
  let fixture: RelayFixture;

  beforeAll(async () => {
    stores = await RelayFixture.start((await sharedKafka()).brokers);
  });

  beforeEach(() => {
    fixture = stores.withNewTopics();
  });

  afterEach(() => fixture.stopRelays());
  afterAll(() => stores.stop());

  it('loses, doubles and reorders nothing, whichever step the relay is killed at', async () => {
    // Until one came to its fourth step, there is no position: that is the commit of the first one.
    for (const crashAt of [1, 2, 3, 4, 1, 2, 3, 4, 5]) {
      await fixture.count(20, streams);
      const child = fixture.spawn({ CRASH_AT: String(crashAt) });
      const { signal } = await child.ended;
      expect({ crashAt, signal }).toEqual({ crashAt, signal: 'SIGKILL' });
    }
    const last = fixture.run();
    await fixture.published(last);
    await fixture.compare();
  }, 480_000);

  it('loses, doubles and reorders nothing, whenever it is killed under load', async () => {
    const seed = Date.now() % 100_000;
    const random = seeded(seed);
    // More rounds of this, and whole processes, are those of `npm run faults`.
    for (let round = 0; round < 2; round += 1) {
      const child = fixture.spawn();
      await child.ready;
      const load = (async () => {
        for (let left = 20; left > 0; left -= 1) await fixture.count(10, streams);
      })();
      await sleep(random() * 1_500);
      child.signal('SIGKILL');
      await Promise.all([child.ended, load]);
    }
    const last = fixture.run();
    await fixture.published(last);
    try {
      await fixture.compare();
    } catch (cause) {
      throw new Error(`with seed ${String(seed)}`, { cause });
    }
  }, 480_000);

  it('stands by, and takes over when the one that works is killed', async () => {
    const first = fixture.spawn();
    await until('works', () => first.output.includes('the relay works'));
    const second = fixture.run();
    await fixture.count(20, streams);
    await until('stands by', () => second.status.state === 'standby');
    expect(second.status.published).toBe(0);
    first.signal('SIGKILL');
    await fixture.count(20, streams);
    await fixture.published(second);
    await fixture.compare();
  });

  it.each(['sent', 'committed'])(
    'takes over from one that is frozen at %p, which writes nothing when it wakes up',
    async (step) => {
      await fixture.count(20, streams);
      const frozen = fixture.spawn({ FREEZE_AT: step });
      await until('frozen', () => frozen.output.includes('it freezes'));
      const other = fixture.run();
      await fixture.count(20, streams);
      await fixture.published(other);
      frozen.signal('SIGCONT');
      await fixture.count(20, streams);
      await fixture.published(other);
      await until('given up', () => hasGivenUp(frozen));
      await until('the other works', () => other.status.state === 'working');
      await fixture.compare();
    },
  );

  it('goes on by itself when its transaction timed out while it was frozen', async () => {
    await fixture.count(20, streams);
    const relay = fixture.spawn({ FREEZE_AT: 'sent', TRANSACTION_TIMEOUT_MS: '2000' });
    await until('frozen', () => relay.output.includes('it freezes'));
    await sleep(6_000);
    relay.signal('SIGCONT');
    await until('given up', () => hasGivenUp(relay));
    await until('works again', () => sinceFrozen(relay).includes('the relay works'));
    relay.signal('SIGKILL');
    await relay.ended;
    const last = fixture.run();
    await fixture.published(last);
    await fixture.compare();
  });
});
