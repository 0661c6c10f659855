import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { listDeadLetters } from '../consumer/dead-letter-list.js';
import { ledger } from './ledger.js';
import { asController } from './nest-plug.js';
import { World, type WorldOptions } from './world.js';

/** As Postgres says that it is about to stop: nothing that a fact could be blamed for. */
const shutdown = (): Error =>
  Object.assign(new Error('terminating connection due to administrator command'), {
    code: '57P01',
    severity: 'FATAL',
  });

/** Where Nest's own transports would move offsets over failures. */
export const nestCases = ({ carrier }: Pick<WorldOptions, 'carrier'>): void => {
  describe.each(['a promise', 'an Observable'] as const)('a handler that gives %s', (gives) => {
    let world: World;

    beforeEach(async () => {
      world = await World.start({ plug: asController(gives), carrier });
    });

    afterEach(() => world.stop());

    const letters = () => listDeadLetters(world.store, { limit: 100 });

    it('fails by its own error: what it cannot handle is laid aside, and no more', async () => {
      await world.count(3, 'tally-good');
      await world.count(1, 'tally-bad', { does: 'fail' });
      await world.count(2, 'tally-good');
      await world.run(
        ledger({
          before: ({ data }) => {
            if (data['does'] === 'fail') throw new RangeError('told to fail');
          },
        }),
      );
      await world.untilWritten(5);
      await until('it is laid aside', async () => (await letters()).length === 1);
      expect((await letters())[0]).toMatchObject({
        error: 'RangeError: told to fail',
        attempts: 5,
      });
      expect(await world.written()).toBe(5);
    });

    it('is tried again for as long as the store is at fault, which counts nothing', async () => {
      // More often than a fact is tried.
      let left = 7;
      await world.count(2, 'tally-patient');
      await world.run(
        ledger({
          after: () => {
            left -= 1;
            return left >= 0 ? Promise.reject(shutdown()) : Promise.resolve();
          },
        }),
      );
      await world.untilWritten(2);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });
  });

  describe('a handler of a topic that nobody publishes', () => {
    it('keeps the consumer from starting; nothing is passed over', async () => {
      const world = await World.start({ plug: asController('a promise'), carrier });
      try {
        await world.count(1);
        const consumer = { ...ledger(), topics: ['voltrace.tally.v2'] };
        await expect(world.run(consumer)).rejects.toThrow(
          "@EventPattern('voltrace.tally.v2') is no topic; known are voltrace.tally.v1",
        );
        expect(await world.value('select count(*)::int from fanout.consumer')).toBe(0);
      } finally {
        await world.stop();
      }
    });
  });
};
