import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('the projection runner', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));

  it('applies what was there before it started and what comes later', async () => {
    await fixture.count(2_500);
    await fixture.run(tally());
    await waitForPosition(fixture.store, tally(), await fixture.count(10), { timeoutMs: 20_000 });
    expect(await sum()).toBe(2_510);
    expect(await fixture.value('select count(*)::int from tally_v1.entry')).toBe(2_510);
  });

  it('makes a projection visible on an empty log at once', async () => {
    await fixture.run(tally());
    await until(
      'built',
      async () => (await fixture.value(`select to_regclass('tally_v1.entry')`)) !== null,
    );
  });

  it('moves the checkpoint over events that the projection does not know', async () => {
    await fixture.run(tally());
    const position = await fixture.count(3);
    await fixture.log.append(
      `other-${randomUUID()}`,
      [{ ...(await firstEvent()), id: randomUUID(), type: 'SomethingElse' }],
      'no_stream',
    );
    const head = await fixture.log.head();
    expect(head?.commit).toBeGreaterThan(position.commit);
    if (head) await waitForPosition(fixture.store, tally(), head, { timeoutMs: 10_000 });
    expect(await sum()).toBe(3);
  });

  it('doubles nothing when two runners share the projection and one is stopped under load', async () => {
    const first = await fixture.run(tally());
    await fixture.run(tally());
    const stream = `tally-${randomUUID()}`;
    let last = await fixture.count(5, stream);
    for (let round = 0; round < 20; round += 1) {
      last = await fixture.count(50, stream);
      if (round === 10) await first.stop();
    }
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(1_005);
  });

  const firstEvent = async () => {
    const { events } = await fixture.log.readAll({ limit: 10 });
    const [event] = events;
    if (!event) throw new Error('the log is empty');
    return { data: event.data, metadata: event.metadata };
  };
});
