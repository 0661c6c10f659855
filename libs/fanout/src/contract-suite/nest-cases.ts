import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { listDeadLetters } from '../consumer/dead-letter-list.js';
import type { ServedConsumers } from '../nest/serve-consumers.js';
import type { ConsumerRun } from '../nest/served-consumer.js';
import type { Transport } from '../transport/transport.js';
import { ledger } from './ledger.js';
import { asController, serveTogether } from './nest-plug.js';
import { World, type WorldOptions } from './world.js';

/** As Postgres says that it is about to stop: nothing that a fact could be blamed for. */
const shutdown = (): Error =>
  Object.assign(new Error('terminating connection due to administrator command'), {
    code: '57P01',
    severity: 'FATAL',
  });

const dead = ({ store }: World) => listDeadLetters(store, { limit: 100 });

/** Where Nest's own transports would move offsets over failures. */
export const nestCases = ({ carrier }: Pick<WorldOptions, 'carrier'>): void => {
  describe.each(['a promise', 'an Observable'] as const)('a handler that gives %s', (gives) => {
    let world: World;

    beforeEach(async () => {
      world = await World.start({ plug: asController(gives), carrier });
    });

    afterEach(() => world.stop());

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
      await until('it is laid aside', async () => (await dead(world)).length === 1);
      expect((await dead(world))[0]).toMatchObject({
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

  describe('two consumers of one process', () => {
    let world: World;
    let served: ServedConsumers<ConsumerRun> | undefined;

    beforeEach(async () => {
      world = await World.start({ plug: asController('a promise'), carrier });
    });

    afterEach(async () => {
      await served?.stop();
      served = undefined;
      await world.stop();
    });

    it('each handle every fact once, though one of them can handle none', async () => {
      await world.count(4, 'tally-one');
      const broken = ledger({
        name: 'broken',
        before: () => {
          throw new RangeError('told to fail');
        },
      });
      served = await serveTogether(world, [broken, ledger()]);
      await world.untilWritten(4);
      await until('all are laid aside by the other', async () => (await dead(world)).length === 4);
      await world.count(3, 'tally-two');
      await world.untilWritten(7);
      expect(await world.faults()).toEqual([]);
      expect(await world.written('broken')).toBe(0);
      const own = (await dead(world)).map(({ consumer }) => consumer);
      expect(new Set(own)).toEqual(new Set(['broken']));
    });

    it('do not wait for one that must not start, which passes over nothing', async () => {
      await world.count(2);
      const refused = { ...ledger({ name: 'refused' }), topics: ['voltrace.tally.v2'] };
      served = await serveTogether(world, [refused, ledger()]);
      const [one, other] = served.consumers;
      expect(one?.failure?.message).toContain('names voltrace.tally.v2, which nobody publishes');
      expect(other?.failure).toBeUndefined();
      await world.untilWritten(2);
      expect(await world.rows('select name from fanout.consumer')).toEqual([{ name: 'ledger' }]);
    });

    it('go on where one ends by an error, and that one is started anew', async () => {
      const transport = world.carrier.transport(world);
      const breaks = new AbortController();
      const breaking: Transport = {
        ...transport,
        run: async (context, signal) => {
          if (context.consumer !== 'breaking' || breaks.signal.aborted) {
            await transport.run(context, signal);
            return;
          }
          await transport.run(context, AbortSignal.any([signal, breaks.signal]));
          if (!signal.aborted) throw new Error('told to end');
        },
      };
      await world.count(2);
      const consumers = [ledger({ name: 'breaking' }), ledger()];
      served = await serveTogether(world, consumers, breaking);
      const [one, other] = served.consumers;
      const runs = [one?.run, other?.run];
      await world.untilWritten(2, 'breaking');
      breaks.abort();
      await until('it has ended', () => one?.failure?.message === 'told to end');
      await world.count(3);
      await world.untilWritten(5);
      await world.untilWritten(5, 'breaking');
      expect(one?.failure).toBeUndefined();
      expect([one?.run === runs[0], other?.run === runs[1]]).toEqual([false, true]);
      for (const name of ['ledger', 'breaking']) expect(await world.faults(name)).toEqual([]);
    });
  });
};
