import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AppProcess } from '#embedded/app-process.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

import { tallyBreaksOff } from './test/broken-runner.js';
import { appendCounted, Fixture } from './test/fixture.js';
import { tally } from './test/tally.js';
import { waitForPosition } from './wait-for-position.js';

describe('a projector that dies or stands still', () => {
  let fixture: Fixture;
  let script: string;
  const children: AppProcess[] = [];

  beforeEach(async () => {
    script = join(compiledRoot, 'libs/subscription/src/projection/test/runner-process.js');
    fixture = await Fixture.start();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.signal('SIGCONT');
      child.signal('SIGKILL');
      await child.ended;
    }
    await fixture.stop();
  });

  const spawn = (env: Record<string, string> = {}): AppProcess => {
    const child = new AppProcess({
      script,
      keepsParentAlive: false,
      env: {
        PATH: process.env['PATH'],
        EVENTSTORE_URL: fixture.node.url,
        DATABASE_URL: fixture.database.url,
        ...env,
      },
    });
    children.push(child);
    return child;
  };

  const sum = async (): Promise<number> =>
    Number(await fixture.value('select coalesce(sum(sum), 0) from tally_v1.total'));

  const nothingParked = async (): Promise<void> => {
    expect(await fixture.value('select count(*)::int from subscription.parked')).toBe(0);
    expect(await fixture.value('select count(*)::int from subscription.attempt')).toBe(0);
  };

  it('loses and doubles nothing, whichever statement it breaks off before', async () => {
    const attempts = 'select coalesce(max(attempts), 0) from subscription.attempt';
    const goOn = async (): Promise<void> => {
      await fixture.run(tally());
      const last = await fixture.count(1);
      expected += 1;
      await waitForPosition(fixture.store, tally(), last, { timeoutMs: 60_000 });
      await fixture.stopRunners();
    };
    let expected = 0;
    let broken = 0;
    for (let statement = 1; statement <= 30; statement += 1) {
      const last = await fixture.count(3);
      expected += 3;
      if (await tallyBreaksOff(fixture, statement, last)) broken += 1;
      // The slower the machine, the more runs end at the same event, and five of them park it.
      if (Number(await fixture.value(attempts)) > 2) await goOn();
    }
    expect(broken).toBeGreaterThan(15);
    await goOn();
    await nothingParked();
    expect(await sum()).toBe(expected);
  });

  it('loses and doubles nothing when it is killed', async () => {
    let expected = 0;
    let killed = 0;
    for (const statement of [12, 22]) {
      const last = await fixture.count(3);
      expected += 3;
      const child = spawn({ CRASH_AT: String(statement) });
      const done = waitForPosition(fixture.store, tally(), last, { timeoutMs: 45_000 });
      const survived = await Promise.race([child.ended.then(() => false), done.then(() => true)]);
      if (!survived) killed += 1;
      done.catch(() => undefined);
      child.signal('SIGKILL');
      await child.ended;
    }
    expect(killed).toBeGreaterThan(0);
    await fixture.run(tally());
    const last = await fixture.count(1);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 20_000 });
    expect(await sum()).toBe(expected + 1);
    await nothingParked();
  });

  it('parks an event that ends the process after five attempts, and no other', async () => {
    await fixture.count(20);
    await appendCounted(fixture.log, 1, 'tally-deadly', { kill: true });
    await fixture.count(2, 'tally-deadly');
    const last = await fixture.count(20);
    let starts = 0;
    let child = spawn();
    const reached = async (): Promise<boolean> =>
      (await fixture.value(`select max(commit_position) >= $1 from subscription.checkpoint`, [
        last.commit.toString(),
      ])) === true;
    while (!(await reached())) {
      if (!child.isRunning) {
        starts += 1;
        child = spawn();
      }
      if (starts > 8) throw new Error('the event is not parked');
      await sleep(50);
    }
    // The first death tells nobody which event it was: five more attempts, counted one by one.
    expect(starts).toBe(6);
    await until(
      'switched',
      async () => (await fixture.value(`select to_regclass('tally_v1.total')`)) !== null,
    );
    expect(await sum()).toBe(40);
    const parked = await fixture.rows<{ stream: string; attempts: number }>(
      'select key as stream, attempts, error from subscription.parked order by revision',
    );
    expect(parked).toEqual([
      { stream: 'tally-deadly', attempts: 5, error: 'the process ended while it was handled' },
      { stream: 'tally-deadly', attempts: 0, error: null },
      { stream: 'tally-deadly', attempts: 0, error: null },
    ]);
  });

  it('writes nothing when it was frozen in the middle of a batch while another went on', async () => {
    const frozen = spawn({ FREEZES: 'yes' });
    await frozen.ready;
    await waitForPosition(fixture.store, tally(), await fixture.count(5), { timeoutMs: 20_000 });
    await appendCounted(fixture.log, 1, 'tally-frozen', { freeze: true });
    await sleep(1_000);
    const other = spawn();
    await other.ready;
    const last = await fixture.count(5);
    await waitForPosition(fixture.store, tally(), last, { timeoutMs: 40_000 });
    expect(await sum()).toBe(11);
    frozen.signal('SIGCONT');
    await waitForPosition(fixture.store, tally(), await fixture.count(5), { timeoutMs: 20_000 });
    await sleep(2_000);
    expect(frozen.isRunning).toBe(true);
    expect(await sum()).toBe(16);
  });
});
