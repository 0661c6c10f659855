import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { listParked } from '../parked-list.js';
import type { ProjectionClient } from './projection.js';
import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

const stream = 'tally-ill';

describe('a retry of parked events', () => {
  let fixture: Fixture;
  let broken: boolean;
  let afterSave: ((client: ProjectionClient) => Promise<void>) | undefined;
  const projection = tally({
    before: ({ data }) => {
      if (broken && data['fail'] === true) throw new Error('value is not a number');
    },
    afterSave: async (client) => afterSave?.(client),
  });

  beforeEach(async () => {
    broken = true;
    afterSave = undefined;
    fixture = await Fixture.start();
    await fixture.runBuilt(projection);
    await appendCounted(fixture.log, 1, stream, { fail: true });
    await appendAndWait(2);
    expect(await parkedCount()).toBe(3);
    broken = false;
  });

  afterEach(() => fixture.stop());

  const parkedCount = async (): Promise<number> =>
    Number(await fixture.value('select count(*) from subscription.parked'));
  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));
  const appendAndWait = async (count: number): Promise<void> => {
    const last = await fixture.count(count, stream);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
  };
  const firstId = async (): Promise<string | undefined> =>
    (await listParked(fixture.store, { limit: 1 }))[0]?.id;

  it('handles those too that come while it is under way, in the order of their stream', async () => {
    let retried = false;
    afterSave = async () => {
      if (retried) return;
      retried = true;
      await sleep(500);
    };
    const done = fixture.operator.retry(await firstId());
    await until('it is under way', () => retried);
    await appendAndWait(2);
    await done;
    await until('nothing is parked', async () => (await parkedCount()) === 0);
    expect(await sum()).toBe(5);
    const rows = await fixture.rows<{ revision: string }>(
      'select revision::text from tally_v1.entry where stream = $1 order by revision',
      [stream],
    );
    expect(rows.map(({ revision }) => revision)).toEqual(['0', '1', '2', '3', '4']);
  });

  it('that meets a store that is too slow waits for it, and loses nothing', async () => {
    let tries = 0;
    afterSave = async (client) => {
      tries += 1;
      if (tries > 2) return;
      await client.query(`set local statement_timeout to '50ms'`);
      await client.query('select pg_sleep(10)');
    };
    expect(await fixture.operator.retry(await firstId())).toBe('3 handled');
    expect(await parkedCount()).toBe(0);
    expect(await sum()).toBe(3);
  });
});
