import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { commandMeta } from '#testing/decider-spec.js';
import { until } from '#testing/until.js';

import { listDeadLetters } from '../consumer/dead-letter-list.js';
import { failingLedger, ledger } from './ledger.js';
import { World, type WorldOptions } from './world.js';

const meta = commandMeta({ reason: 'the handler is corrected' });

/** What cannot be handled is laid aside with what comes after it in its stream; the others go on. */
export const poisonCases = (options: WorldOptions): void => {
  describe('poison', () => {
    let world: World;

    beforeEach(async () => {
      world = await World.start(options);
    });

    afterEach(() => world.stop());

    const letters = () => listDeadLetters(world.store, { consumer: 'ledger', limit: 100 });

    const retried = async (id?: string): Promise<void> => {
      const before = await world.value('select control_revision from fanout.consumer');
      await world.admin.retry('ledger', id, { ...meta, commandId: commandIdNow() });
      await until('the retry is carried out', async () => {
        return (await world.value('select control_revision from fanout.consumer')) !== before;
      });
    };

    it('is laid aside with its error after five attempts; the others go on', async () => {
      await world.count(5, 'tally-good');
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.count(2, 'tally-bad');
      await world.count(5, 'tally-good');
      const tries = new Map<string, number>();
      await world.run(failingLedger({ tries }));
      await world.untilWritten(10);
      await until('it is laid aside', async () => (await letters()).length === 3);
      await world.count(1, 'tally-bad');
      await world.count(1, 'tally-good');
      await world.untilWritten(11);
      await until('what comes later waits behind it', async () => (await letters()).length === 4);
      expect(
        (await letters()).map(({ key, attempts, error }) => ({ key, attempts, error })),
      ).toEqual([
        { key: 'tally-bad', attempts: 5, error: 'Error: told to fail' },
        { key: 'tally-bad', attempts: 0, error: null },
        { key: 'tally-bad', attempts: 0, error: null },
        { key: 'tally-bad', attempts: 0, error: null },
      ]);
      // Once more than counted: in the batch, where nobody knew which one it was.
      expect([...tries.values()]).toEqual([6]);
      expect(await world.value('select count(*)::int from fanout.attempt')).toBe(0);
    });

    it('is handled again after the fix, in order, and nothing is left', async () => {
      const broken = { is: true };
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.count(3, 'tally-bad');
      await world.count(1, 'tally-worse', { does: 'fail' });
      await world.run(failingLedger({ broken }));
      await until('all are laid aside', async () => (await letters()).length === 5);
      broken.is = false;
      const [first] = await letters();
      await retried(first?.id);
      await world.untilWritten(4);
      expect((await letters()).map(({ key }) => key)).toEqual(['tally-worse']);
      await retried();
      await world.untilWritten(5);
      await world.count(2, 'tally-bad');
      await world.untilWritten(7);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('stays with the new error where it fails again', async () => {
      const broken = { is: true, with: 'told to fail' };
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.count(2, 'tally-bad');
      await world.run(failingLedger({ broken }));
      await until('all are laid aside', async () => (await letters()).length === 3);
      broken.with = 'told to fail otherwise';
      await retried((await letters()).at(-1)?.id);
      expect((await letters()).map(({ attempts, error }) => ({ attempts, error }))).toEqual([
        { attempts: 6, error: 'Error: told to fail otherwise' },
        { attempts: 0, error: null },
        { attempts: 0, error: null },
      ]);
      expect(await world.written()).toBe(0);
      expect(await world.value('select control_outcome from fanout.consumer')).toBe(
        '0 handled, 1 key fails again',
      );
    });

    it('is followed by what comes of its stream while it is handled again', async () => {
      const broken = { is: true };
      let isRetried = false;
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.run(
        failingLedger({
          broken,
          after: async ([fact]) => {
            if (fact?.data['does'] !== 'fail') return;
            isRetried = true;
            await sleep(1_000);
          },
        }),
      );
      await until('it is laid aside', async () => (await letters()).length === 1);
      broken.is = false;
      const done = retried();
      await until('it is in hand', () => isRetried);
      await world.count(1, 'tally-bad');
      await done;
      await world.untilWritten(2);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('is given up by an operator, and what waits behind it is handled', async () => {
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.count(2, 'tally-bad');
      await world.run(failingLedger({}));
      await until('all are laid aside', async () => (await letters()).length === 3);
      const [first] = await letters();
      await expect(world.admin.discard('ledger', first?.id ?? '', commandMeta())).rejects.toThrow(
        'needs a reason',
      );
      await world.admin.discard('ledger', first?.id ?? '', { ...meta, commandId: commandIdNow() });
      await until('it is gone', async () => (await letters()).length === 2);
      await retried();
      await world.untilWritten(2);
      await world.count(1, 'tally-bad');
      await world.untilWritten(3);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('is none where the handler fails by something that passes', async () => {
      let left = 3;
      const passing = (): void => {
        left -= 1;
        if (left >= 0) throw new Error('not yet');
      };
      await world.count(3);
      await world.run(ledger({ before: passing }));
      await world.untilWritten(3);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('is a handler that goes on after a statement failed: its offset would move over nothing', async () => {
      await world.count(1, 'tally-swallowed');
      await world.run(
        ledger({
          after: async (_, client) => {
            await client.query('select 1 / 0').catch(() => undefined);
          },
        }),
      );
      await until('it is laid aside', async () => (await letters()).length === 1);
      expect(await world.written()).toBe(0);
      expect((await letters())[0]?.error).toMatch(/rolled back|is aborted/);
    });

    it('is a statement of the handler that takes too long: it is no outage that could be waited out', async () => {
      await world.count(1, 'tally-slow');
      await world.run(
        ledger({
          after: async (_, client) => {
            await client.query("set local statement_timeout = '20ms'");
            await client.query('select pg_sleep(1)');
          },
        }),
      );
      await until('it is laid aside', async () => (await letters()).length === 1);
      expect((await letters())[0]).toMatchObject({ attempts: 5 });
      expect((await letters())[0]?.error).toContain('took too long');
    });
  });
};

let commands = 0;
const commandIdNow = (): string => {
  commands += 1;
  return `00000000-0000-5000-8000-${String(commands).padStart(12, '0')}`;
};
