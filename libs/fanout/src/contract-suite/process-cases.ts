import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AppProcess } from '#embedded/app-process.js';
import { RetryParkedEvents } from '#subscription/control/commands.js';
import { operatorMeta } from '#subscription/test/ask.js';
import { nothingLeft } from '#subscription/test/harness.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

import { ConsumerHarness, type HarnessOptions } from './harness.js';
import { ledger } from './ledger.js';

/** In the compiled tree. */
const script = 'libs/fanout/src/contract-suite/consumer-process.js';

/** Processes that die, stand still, or are several. */
export const processCases = (options: HarnessOptions): void => {
  describe('a process', () => {
    let harness: ConsumerHarness;
    const apps = new AppProcesses();

    beforeEach(async () => {
      harness = await ConsumerHarness.start(options);
    });

    afterEach(async () => {
      await apps.kill();
      await harness.stop();
    });

    const spawn = (env: Record<string, string> = {}): AppProcess =>
      apps.start(join(compiledRoot, script), {
        EVENTSTORE_URL: harness.node.url,
        DATABASE_URL: harness.databaseUrl,
        ...harness.transport.env,
        ...env,
      });

    it('that is killed loses and doubles nothing', async () => {
      let killed = 0;
      for (const statement of [9, 13, 17]) {
        await harness.append(3, 'counter-killed');
        const child = spawn({ CRASH_AT: String(statement) });
        const end = await child.ended;
        if (end.signal === 'SIGKILL') killed += 1;
      }
      expect(killed).toBe(3);
      await harness.run(ledger());
      await harness.untilWritten(9);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('that a fact ends five times over parks it, and no other', async () => {
      await harness.append(10, 'counter-good');
      await harness.append(1, 'counter-deadly', { does: 'kill' });
      await harness.append(2, 'counter-deadly');
      await harness.append(10, 'counter-good');
      let starts = 0;
      let child: AppProcess | undefined;
      while ((await harness.written()) < 20) {
        if (!child?.isRunning) {
          starts += 1;
          child = spawn();
        }
        expect(starts).toBeLessThan(10);
        await sleep(50);
      }
      const parked = await harness.untilParked(3);
      const stream = 'counter-deadly';
      expect(parked).toMatchObject([
        { stream, attempts: 5, error: 'the process ended while it was handled' },
        { stream, attempts: 0, error: null },
        { stream, attempts: 0, error: null },
      ]);
      expect(await harness.leftOver()).toEqual({ parked: 3, attempts: 0 });
      await endsAgain(child);
    });

    /** What ends the process in a retry is not tried again by itself: it stays parked, and the process lives. */
    const endsAgain = async (running: AppProcess | undefined): Promise<void> => {
      const retry = new RetryParkedEvents({ parked: null }, operatorMeta());
      await harness.operator.ask('ledger', retry);
      await running?.ended;
      const child = spawn();
      await harness.outcome(/1 key fails again/);
      await harness.append(1, 'counter-good');
      await harness.untilWritten(21);
      expect(child.isRunning).toBe(true);
      expect((await harness.parked())[0]).toMatchObject({
        attempts: 6,
        error: 'the process ended while it was handled again',
      });
    };

    it('that was frozen in a batch while another went on writes nothing when it wakes', async () => {
      const frozen = spawn({ FREEZES: 'yes' });
      await frozen.ready;
      await harness.append(5, 'counter-before');
      await harness.untilWritten(5);
      await harness.append(1, 'counter-frozen', { does: 'freeze' });
      await sleep(1_500);
      await harness.append(5, 'counter-frozen');
      const other = spawn();
      await other.ready;
      await harness.untilWritten(11);
      frozen.signal('SIGCONT');
      await harness.append(5, 'counter-frozen');
      await harness.untilWritten(16);
      await sleep(3_000);
      expect(frozen.isRunning).toBe(true);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('is one of two, and each fact is handled by one of them', async () => {
      const one = await harness.run(ledger());
      await harness.run(ledger());
      for (let round = 0; round < 4; round += 1) {
        await harness.append(200, `counter-${String(round % 2)}`);
        await harness.append(200);
        if (round === 1) await one.stop();
        await harness.untilWritten((round + 1) * 400);
      }
      expect(await harness.faults()).toEqual([]);
      const held = 'select count(distinct holder)::int from subscription.checkpoint';
      await until('one of them is left', async () => (await harness.value(held)) === 1);
    });
  });
};
