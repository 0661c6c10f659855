import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { applyBatch } from './apply-batch.js';
import type { Target } from './builds.js';
import { Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('the checkpoint', () => {
  let fixture: Fixture;
  const projection = tally();
  const target: Target = { projection, build: 1, status: 'live' };

  beforeEach(async () => {
    fixture = await Fixture.start();
    const runner = await fixture.run(projection);
    await waitForPosition(fixture.store, tally(), await fixture.count(10), { timeoutMs: 20_000 });
    await runner.stop();
    await fixture.count(10);
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const sum = async (): Promise<number> =>
    Number(await fixture.value('select sum(sum) from tally_v1.total'));

  it('lets a batch be applied once: the same again, an old one and one too far are fenced', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const at = events[9]?.position;
    const next = events.slice(10);
    await expect(applyBatch(fixture.store, target, undefined, events)).rejects.toThrow('Fenced');
    await expect(
      applyBatch(fixture.store, target, events[10]?.position, next.slice(1)),
    ).rejects.toThrow('Fenced');
    expect(await applyBatch(fixture.store, target, at, next)).toMatchObject({ done: 10 });
    await expect(applyBatch(fixture.store, target, at, next)).rejects.toThrow('Fenced');
    expect(await sum()).toBe(20);
  });

  it('lets one of two runners through that apply the same batch at once', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const at = events[9]?.position;
    const attempts = Array.from({ length: 8 }, () =>
      applyBatch(fixture.store, target, at, events.slice(10)).then(
        () => 'applied',
        (error: unknown) => String(error),
      ),
    );
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(1);
    expect(await sum()).toBe(20);
  });

  it('is kept for the build that it belongs to: a build that is no longer the active one is fenced', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const building: Target = { ...target, status: 'building' };
    await expect(
      applyBatch(fixture.store, building, events[9]?.position, events.slice(10)),
    ).rejects.toThrow('Fenced');
  });

  it('tells those who wait when a position is not reached in time', async () => {
    const { events } = await fixture.log.readAll({ limit: 100 });
    const head = events.at(-1)?.position;
    if (!head) throw new Error('the log is empty');
    let reached = 0;
    const waiting = Promise.all(
      Array.from({ length: 50 }, () =>
        waitForPosition(fixture.store, tally(), head, { timeoutMs: 30_000 }).then(() => {
          reached += 1;
        }),
      ),
    );
    // Each waits for as long as it was told, whoever waits beside it.
    await expect(
      waitForPosition(fixture.store, tally(), head, { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: 'NOT_YET_VISIBLE', kind: 'unavailable' });
    expect(reached).toBe(0);
    await fixture.run(projection);
    await waiting;
    expect(await sum()).toBe(20);
  });
});
