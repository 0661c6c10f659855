import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { logSource } from './log-source.js';
import { SubscriptionRunner } from './runner.js';
import { breaksOff } from './test/breaks-off.js';
import { Harness, nothingLeft, openTestStores } from './test/harness.js';
import { type Counted, ledgerFollower } from './test/ledger.js';

/** What only processes do: they act outside, before the transaction that also moves the checkpoint. */
describe('a process', () => {
  let harness: Harness;
  let acted: Counted[];
  const act = (events: readonly Counted[]): Promise<void> => {
    acted.push(...events);
    return Promise.resolve();
  };

  beforeEach(async () => {
    acted = [];
    harness = new Harness(await openTestStores());
  });

  afterEach(() => harness.stop());

  const source = () => logSource<Counted>(harness.log, harness.tail);

  const revisionsOf = (stream: string): number[] =>
    acted.filter((event) => event.stream === stream).map(({ revision }) => Number(revision));

  it('acts on every event in the order of its stream and handles it once, whichever statement it breaks off before', async () => {
    let broken = 0;
    let expected = 0;
    const { log, tail, databaseUrl } = harness;
    for (let statement = 3; statement <= 16; statement += 1) {
      await harness.append(3, `counter-${String(statement % 4)}`);
      expected += 3;
      const isBroken = await breaksOff(
        databaseUrl,
        statement,
        (store) => {
          const parts = { store, log, tail };
          const runner = new SubscriptionRunner(ledgerFollower({ act }), source(), parts);
          return Promise.resolve({ started: runner.start(), stop: () => runner.stop() });
        },
        async () => (await harness.written()) >= expected,
      );
      if (isBroken) broken += 1;
    }
    await harness.follow(ledgerFollower({ act }), source());
    await harness.untilWritten(expected);
    expect(broken).toBeGreaterThan(10);
    expect(await harness.faults()).toEqual([]);
    expect(await harness.leftOver()).toEqual(nothingLeft);
    for (const stream of [0, 1, 2, 3].map((key) => `counter-${String(key)}`)) {
      // Repeated after a crash, with all that comes behind.
      const first = [...new Set(revisionsOf(stream))];
      expect(first).toEqual(first.map((_, revision) => revision));
    }
    const ids = new Set(acted.map(({ id }) => id));
    expect(ids.size).toBe(expected);
  });

  it('does not act on what waits behind a parked event before it is retried', async () => {
    let broken = true;
    const failing = (events: readonly Counted[]): Promise<void> => {
      if (broken && events.some(({ data }) => 'does' in data))
        throw new Error('it fails on request');
      return act(events);
    };
    await harness.append(1, 'counter-bad', { does: 'fail' });
    await harness.append(2, 'counter-bad');
    await harness.append(2, 'counter-good');
    await harness.follow(ledgerFollower({ act: failing }), source());
    const [first] = await harness.untilParked(3);
    expect(first).toMatchObject({ attempts: 5, error: 'Error: it fails on request' });
    await harness.untilWritten(2);
    expect(revisionsOf('counter-bad')).toEqual([]);
    broken = false;
    expect(await harness.operator.retry(first?.id)).toBe('3 handled');
    expect(revisionsOf('counter-bad')).toEqual([0, 1, 2]);
    expect(await harness.faults()).toEqual([]);
    expect(await harness.leftOver()).toEqual(nothingLeft);
  });

  it('counts no attempt on an event that it was acting on when it was stopped', async () => {
    let calls = 0;
    const stopped = async (_: readonly Counted[], signal: AbortSignal): Promise<void> => {
      calls += 1;
      if (calls === 1) throw new Error('in its batch, so that it is isolated');
      await aborted(signal);
      throw signal.reason as Error;
    };
    await harness.append(1);
    const runner = await harness.follow(ledgerFollower({ act: stopped }), source());
    await until('it is acted on', () => calls === 2);
    await runner.stop();
    const attempts = await harness.rows('select attempts from subscription.attempt');
    expect(attempts).toEqual([{ attempts: 0 }]);
  });
});

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
