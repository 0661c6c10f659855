import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { listParked } from '../parked-list.js';
import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('an event that cannot be applied', () => {
  let fixture: Fixture;
  let broken: boolean;
  const projection = (order: 'stream' | 'global' = 'stream') =>
    tally({
      order,
      before: ({ data }) => {
        if (broken && data['fail'] === true) throw new Error('value is not a number');
      },
    });

  beforeEach(async () => {
    broken = true;
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));
  const parkedCount = async (): Promise<number> =>
    Number(await fixture.value('select count(*) from subscription.parked'));

  /** 1 + a stream of [1, poison, 1, 1] + 1. */
  const appendPoison = async () => {
    await fixture.count(1);
    await fixture.count(1, 'tally-ill');
    await appendCounted(fixture.log, 1, 'tally-ill', { fail: true });
    await fixture.count(2, 'tally-ill');
    return fixture.count(1);
  };

  it('is parked with the later ones of its stream, with the error, and the others go on', async () => {
    await fixture.run(projection());
    const last = await appendPoison();
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(3);
    const parked = await listParked(fixture.store, { limit: 10 });
    expect(
      parked.map(({ stream, revision, attempts, error }) => [stream, revision, attempts, error]),
    ).toEqual([
      ['tally-ill', '1', 5, 'Error: value is not a number'],
      ['tally-ill', '2', 0, null],
      ['tally-ill', '3', 0, null],
    ]);
  });

  it('holds back events of its stream that come after a restart', async () => {
    const first = await fixture.run(projection());
    await waitForPosition(fixture.store, tally(), await appendPoison(), { timeoutMs: 20_000 });
    await first.stop();
    broken = false;
    await fixture.run(projection());
    const last = await fixture.count(1, 'tally-ill');
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(3);
    expect(await parkedCount()).toBe(4);
  });

  it('is handled with those behind it after the repair, in order', async () => {
    await fixture.run(projection());
    await waitForPosition(fixture.store, tally(), await appendPoison(), { timeoutMs: 20_000 });
    const [parked] = await listParked(fixture.store, { limit: 1 });
    const { operator } = fixture;

    expect(await operator.retry(parked?.id)).toBe('0 handled, 1 key fails again');
    expect(await parkedCount()).toBe(3);
    const [failed] = await listParked(fixture.store, { limit: 1 });
    expect(failed).toMatchObject({ attempts: 6, error: 'Error: value is not a number' });

    broken = false;
    expect(await operator.retry(parked?.id)).toBe('3 handled');
    expect(await parkedCount()).toBe(0);
    expect(await sum()).toBe(6);
    const applied = await fixture.rows<{ revision: string }>(
      `select revision::text from tally_v1.entry where stream = 'tally-ill' order by revision`,
    );
    expect(applied.map(({ revision }) => revision)).toEqual(['0', '1', '2', '3']);
    await waitForPosition(fixture.store, tally(), await fixture.count(1, 'tally-ill'), {
      timeoutMs: 20_000,
    });
    expect(await sum()).toBe(7);
  });

  it('is passed over for good when it is discarded, by a rebuild too', async () => {
    await fixture.run(projection());
    await waitForPosition(fixture.store, tally(), await appendPoison(), { timeoutMs: 20_000 });
    const [parked] = await listParked(fixture.store, { limit: 1 });
    const outcome = await fixture.operator.discard(parked?.id ?? '', 'the sensor was broken');
    expect(outcome).toBe('discarded; behind it 2 handled');
    expect(await parkedCount()).toBe(0);
    expect(await sum()).toBe(5);
    await fixture.rebuild('tally');
    expect(await sum()).toBe(5);
    // Nor does it come back when the code could apply it by now.
    broken = false;
    await fixture.rebuild('tally');
    expect(await sum()).toBe(5);
    expect(await parkedCount()).toBe(0);
  });

  it('stops a projection that needs the order of the whole log, until it is retried', async () => {
    await fixture.run(projection('global'));
    await waitForPosition(fixture.store, tally(), await fixture.count(1), { timeoutMs: 20_000 });
    const last = await appendPoison();
    await until('stopped', async () => {
      return (await fixture.value('select state from subscription.checkpoint')) === 'stopped';
    });
    expect(await sum()).toBe(3);
    broken = false;
    const [parked] = await listParked(fixture.store, { limit: 1 });
    await fixture.operator.retry(parked?.id);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(7);
    expect(await parkedCount()).toBe(0);
  });
});
