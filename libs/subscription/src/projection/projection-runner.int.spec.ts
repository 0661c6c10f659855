import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { newEvent } from '#testing/new-event.js';
import { until } from '#testing/until.js';

import { projectionStatus } from './projection-status.js';
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

  it('writes down at the end of the log how far it passed over such events, however soon after the last time', async () => {
    await fixture.run(tally());
    for (let passed = 0; passed < 4; passed += 1) {
      const foreign = [newEvent('SomethingElse', {})];
      const { position } = await fixture.log.append(`other-${randomUUID()}`, foreign, 'no_stream');
      const timeoutMs = passed === 0 ? 10_000 : 400;
      await waitForPosition(fixture.store, tally(), position, { timeoutMs });
    }
  });

  it('reads old events in their newest shape, in a build too', async () => {
    const append = (type: string, data: object) =>
      fixture.log.append(`tally-${randomUUID()}`, [newEvent(type, data)], 'no_stream');
    await append('CountedOnce', {});
    await append('Counted', { amount: 5 });
    await append('Counted.v2', { value: 7 });
    const types = {
      events: { 'Counted.v2': true },
      upcasts: {
        CountedOnce: () => ({ type: 'Counted', data: { amount: 1 } }),
        Counted: ({ amount }: { amount: number }) => ({
          type: 'Counted.v2',
          data: { value: amount },
        }),
      },
    } as const;
    await fixture.runBuilt(tally({ types, change: 'Counted.v2' }));
    expect(await sum()).toBe(13);
    await fixture.rebuild('tally');
    expect(await sum()).toBe(13);
    const { position } = await append('CountedOnce', {});
    await waitForPosition(fixture.store, tally(), position, { timeoutMs: 20_000 });
    expect(await sum()).toBe(14);
  });

  it('stops before an event that it does not know, says so, and goes on with the version that does', async () => {
    const old = await fixture.runBuilt(tally());
    await fixture.count(3);
    const later = [newEvent('Counted', { value: 1 }), newEvent('CountedLater', { value: 4 })];
    await fixture.log.append(`tally-${randomUUID()}`, later, 'no_stream');
    const last = await fixture.count(2);
    const status = async () => (await projectionStatus(fixture.store, [tally()]))[0];
    await until('the status says why', async () => typeof (await status())?.error === 'string');
    expect(await status()).toMatchObject({
      state: 'running',
      error: expect.stringMatching(/tally-\S+ holds at 1 an event of type CountedLater/),
      parked: 0,
    });
    expect(await sum()).toBe(4);
    await old.stop();
    const types = {
      upcasts: { CountedLater: (data: object) => ({ type: 'Counted', data }) },
    };
    await fixture.run(tally({ types }));
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(10);
    expect(await status()).toMatchObject({ state: 'running', error: null });
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
