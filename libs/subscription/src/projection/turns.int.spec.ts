import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('projections of one process', () => {
  let fixture: Fixture;
  const well = tally({ name: 'well' });
  const ill = tally({
    name: 'ill',
    before: ({ data }) => {
      if (data['fail'] === true) throw new Error('value is not a number');
    },
  });

  beforeEach(async () => {
    fixture = await Fixture.start();
    await fixture.runBuilt(well, ill);
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const sumOf = async (name: string): Promise<number> =>
    Number(await fixture.value(`select coalesce(sum(sum), 0) from ${name}_v1.total`));

  it('write what they make of an event in one transaction', async () => {
    await until('they share one', async () => {
      const last = await fixture.count(1);
      await waitForPosition(fixture.store, well, last, { timeoutMs: 20_000 });
      await waitForPosition(fixture.store, ill, last, { timeoutMs: 20_000 });
      const written = await fixture.value(
        `select count(distinct made)::int from (
           (select e.xmin::text as made from well_v1.entry e order by e.xmin::text::bigint desc limit 1) union all
           (select e.xmin::text from ill_v1.entry e order by e.xmin::text::bigint desc limit 1)) as newest`,
      );
      return written === 1;
    });
    expect(await sumOf('well')).toBe(await sumOf('ill'));
  });

  it('are not held up by an event that another cannot apply, and apply each event once', async () => {
    await fixture.count(2);
    await appendCounted(fixture.log, 1, 'tally-poison', { fail: true });
    const last = await fixture.count(2);
    await waitForPosition(fixture.store, well, last, { timeoutMs: 20_000 });
    await waitForPosition(fixture.store, ill, last, { timeoutMs: 20_000 });
    expect(await sumOf('well')).toBe(5);
    expect(await sumOf('ill')).toBe(4);
    const parked = await fixture.rows('select subscription, attempts from subscription.parked');
    expect(parked).toEqual([{ subscription: 'ill', attempts: 5 }]);
  });

  it('are not held up by a lock on the tables of another', async () => {
    const first = await fixture.count(1);
    for (const one of [well, ill])
      await waitForPosition(fixture.store, one, first, { timeoutMs: 20_000 });
    const client = await fixture.store.pool.connect();
    try {
      await client.query('begin; lock table ill_v1.entry in access exclusive mode');
      for (let n = 0; n < 3; n += 1) {
        await waitForPosition(fixture.store, well, await fixture.count(1), { timeoutMs: 2_000 });
      }
    } finally {
      await client.query('rollback');
      client.release();
    }
    await waitForPosition(fixture.store, ill, await fixture.count(1), { timeoutMs: 20_000 });
    expect(await sumOf('ill')).toBe(5);
    expect(await sumOf('well')).toBe(5);
  });

  it('note how far they passed over events of others as soon as a reader waits for it', async () => {
    const began = performance.now();
    for (let n = 0; n < 6; n += 1) {
      const position = await fixture.count(1, `other-${String(n)}`);
      await waitForPosition(fixture.store, well, position);
    }
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
