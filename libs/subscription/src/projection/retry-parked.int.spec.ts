import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { States } from '#event-log/states.js';
import { until } from '#testing/until.js';

import { PauseSubscription } from '../control/commands.js';
import { controlDecider } from '../control/decider.js';
import { listParked } from '../parked-list.js';
import { operatorMeta } from '../test/ask.js';
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

  /** A second build of which the same three are parked, kept from being switched to by a query. */
  const besideParked = async (work: () => Promise<void>): Promise<void> => {
    broken = true;
    await fixture.store.transaction(async (client) => {
      await client.query('select from tally_v1.total');
      await fixture.request('rebuild', 'tally');
      await until('they are parked there too', async () => {
        const { rows } = await client.query('select from subscription.parked');
        return rows.length === 6;
      });
      broken = false;
      await work();
    });
  };
  const parkedIn = async (scope: string): Promise<number> =>
    Number(
      await fixture.value('select count(*) from subscription.parked where scope = $1', [scope]),
    );

  it('of a build that is paused fills its own tables, not those that are read', async () => {
    await besideParked(async () => {
      const pause = new PauseSubscription({ version: 1 }, operatorMeta());
      expect(await fixture.operator.done('tally', pause, 1)).toBe('build 2 is paused');
      const parked = await listParked(fixture.store, { limit: 6 });
      const own = parked.find(({ scope }) => scope === 'build-2');
      expect(await fixture.operator.retry(own?.id)).toBe('3 handled');
      expect(await sum()).toBe(0);
      expect(await parkedIn('build-1')).toBe(3);
    });
    await fixture.request('resume', 'tally');
    await until('it is switched to', async () => (await fixture.activeBuild('tally')) === 2);
    expect(await sum()).toBe(3);
    expect(await parkedCount()).toBe(0);
  });

  it('is made in every build where the event that they waited behind is discarded', async () => {
    await besideParked(async () => {
      expect(await fixture.operator.discard((await firstId()) ?? '')).toBe(
        'discarded; behind it 4 handled',
      );
      expect(await parkedCount()).toBe(0);
    });
    await until('it is switched to', async () => (await fixture.activeBuild('tally')) === 2);
    expect(await sum()).toBe(2);
  });

  it('leaves nothing to a discard that was asked for at the same time', async () => {
    const id = (await firstId()) ?? '';
    let discarded: Promise<string> | undefined;
    const asked = async () =>
      (await new States(fixture.log, controlDecider).refresh('tally')).revision;
    afterSave = async () => {
      if (discarded) return;
      const before = await asked();
      discarded = fixture.operator.discard(id);
      // Else the retry may be over before the event is found that is to be discarded.
      await until('it is asked for', async () => (await asked()) > before);
    };
    const nothing = 'nothing to discard: it is parked no longer; behind it 0 handled';
    // The newest outcome is what is shown: that of the discard, where it came before anybody looked.
    expect(['3 handled', nothing]).toContain(await fixture.operator.retry(id));
    expect(await discarded).toBe(nothing);
    await fixture.rebuild('tally');
    expect(await sum()).toBe(3);
  });

  it.each(['discard', 'retry'] as const)('misses none that came meanwhile: %s', async (request) => {
    broken = true;
    await appendCounted(fixture.log, 1, 'tally-alone', { fail: true });
    await until('it is parked', async () => (await parkedCount()) === 4);
    broken = false;
    const id = (await listParked(fixture.store, { limit: 4 })).at(-1)?.id ?? '';
    let [steps, isAppended, isReleased] = [0, false, false];
    afterSave = async () => {
      steps += 1;
      // While the first step waits, what the second one finds comes; that one has parked its event of the
      // stream and is not committed. What is retried passes.
      if (steps === 1) await until('the next is appended', () => isAppended);
      if (steps === 2) await until('it is released', () => isReleased);
    };
    await fixture.count(1);
    await fixture.count(1, 'tally-alone');
    await fixture.count(1);
    isAppended = true;
    await until('it is in hand', () => steps === 2);
    const done = fixture.operator[request](id);
    await sleep(500);
    isReleased = true;
    await done;
    await until('it waits no longer', async () => (await parkedCount()) === 3);
    await until('all are handled', async () => (await sum()) === (request === 'retry' ? 4 : 3));
  });
});
