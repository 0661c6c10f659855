import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { AppProcess } from '#embedded/app-process.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiled } from '#testing/build.js';
import { commandMeta } from '#testing/decider-spec.js';
import { until } from '#testing/until.js';

import { listDeadLetters } from '../consumer/dead-letter-list.js';
import { ledger } from './ledger.js';
import { World, type WorldOptions } from './world.js';

/** In the compiled tree. */
const script = 'libs/fanout/src/contract-suite/consumer-process.js';

/** Processes that die, stand still, or are several. */
export const processCases = (options: WorldOptions): void => {
  describe('a process', () => {
    let world: World;
    const apps = new AppProcesses();

    beforeEach(async () => {
      await compiled();
      world = await World.start(options);
    });

    afterEach(async () => {
      await apps.kill();
      await world.stop();
    });

    const spawn = async (env: Record<string, string> = {}): Promise<AppProcess> =>
      apps.start(join(await compiled(), script), {
        EVENTSTORE_URL: world.node.url,
        DATABASE_URL: world.databaseUrl,
        ...world.carrier.env,
        ...env,
      });

    it('that is killed loses and doubles nothing', async () => {
      let killed = 0;
      for (const statement of [9, 13, 17]) {
        await world.count(3, 'tally-killed');
        const child = await spawn({ CRASH_AT: String(statement) });
        const end = await child.ended;
        if (end.signal === 'SIGKILL') killed += 1;
      }
      expect(killed).toBe(3);
      await world.run(ledger());
      await world.untilWritten(9);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('that a fact ends five times over lays it aside, and no other', async () => {
      await world.count(10, 'tally-good');
      await world.count(1, 'tally-deadly', { does: 'kill' });
      await world.count(2, 'tally-deadly');
      await world.count(10, 'tally-good');
      let starts = 0;
      let child: AppProcess | undefined;
      while ((await world.written()) < 20) {
        if (!child?.isRunning) {
          starts += 1;
          child = await spawn();
        }
        expect(starts).toBeLessThan(10);
        await sleep(50);
      }
      const letters = await listDeadLetters(world.store, { limit: 10 });
      expect(letters.map(({ key, attempts, error }) => ({ key, attempts, error }))).toEqual([
        { key: 'tally-deadly', attempts: 5, error: 'the process ended while it was handled' },
        { key: 'tally-deadly', attempts: 0, error: null },
        { key: 'tally-deadly', attempts: 0, error: null },
      ]);
      expect(await world.value('select count(*)::int from fanout.attempt')).toBe(0);
      await endsAgain(child);
    });

    /** What a retry dies of is not tried again by itself: the letter says so, and the process lives. */
    const endsAgain = async (running: AppProcess | undefined): Promise<void> => {
      await world.admin.retry('ledger', undefined, commandMeta());
      await running?.ended;
      const child = await spawn();
      await until('the retry is over', async () => {
        return String(await world.value('select control_outcome from fanout.consumer')).includes(
          '1 key fails again',
        );
      });
      await world.count(1, 'tally-good');
      await world.untilWritten(21);
      expect(child.isRunning).toBe(true);
      const [first] = await listDeadLetters(world.store, { limit: 1 });
      expect(first).toMatchObject({
        attempts: 6,
        error: 'the process ended while it was handled again',
      });
    };

    it('that was frozen in a batch while another went on writes nothing when it wakes', async () => {
      const frozen = await spawn({ FREEZES: 'yes' });
      await frozen.ready;
      await world.count(5, 'tally-before');
      await world.untilWritten(5);
      await world.count(1, 'tally-frozen', { does: 'freeze' });
      await sleep(1_500);
      await world.count(5, 'tally-frozen');
      const other = await spawn();
      await other.ready;
      await world.untilWritten(11);
      frozen.signal('SIGCONT');
      await world.count(5, 'tally-frozen');
      await world.untilWritten(16);
      await sleep(3_000);
      expect(frozen.isRunning).toBe(true);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('is one of two, and each fact is handled by one of them', async () => {
      const one = await world.run(ledger());
      await world.run(ledger());
      for (let round = 0; round < 4; round += 1) {
        await world.count(200, `tally-${String(round % 2)}`);
        await world.count(200);
        if (round === 1) await one.stop();
        await world.untilWritten((round + 1) * 400);
      }
      expect(await world.faults()).toEqual([]);
      const held = 'select count(distinct holder)::int from fanout.consumer_offset';
      await until('one of them is left', async () => (await world.value(held)) === 1);
    });
  });
};
