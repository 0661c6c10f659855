import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Source } from '#subscription/source.js';
import { nothingLeft } from '#subscription/test/harness.js';
import { until } from '#testing/until.js';

import type { Fact } from '../fact.js';
import type { ServedConsumers } from '../nest/serve-consumers.js';
import { ConsumerHarness, type ConsumerRunner, type HarnessOptions } from './harness.js';
import { ledger } from './ledger.js';
import { asController, serveTogether } from './nest-adapter.js';

/** As Postgres says that it is about to stop: nothing that a fact could be blamed for. */
const shutdown = (): Error =>
  Object.assign(new Error('terminating connection due to administrator command'), {
    code: '57P01',
    severity: 'FATAL',
  });

/** Where Nest's own transports would move offsets over failures. */
export const nestCases = ({ transport }: Pick<HarnessOptions, 'transport'>): void => {
  describe.each(['a promise', 'an Observable'] as const)('a handler that gives %s', (gives) => {
    let harness: ConsumerHarness;

    beforeEach(async () => {
      harness = await ConsumerHarness.start({ adapter: asController(gives), transport });
    });

    afterEach(() => harness.stop());

    it('fails by its own error: what it cannot handle is parked, and no more', async () => {
      await harness.append(3, 'counter-good');
      await harness.append(1, 'counter-bad', { does: 'fail' });
      await harness.append(2, 'counter-good');
      await harness.run(
        ledger({
          before: ({ data }) => {
            if (data['does'] === 'fail') throw new RangeError('it fails on request');
          },
        }),
      );
      await harness.untilWritten(5);
      const [parked] = await harness.untilParked(1);
      expect(parked).toMatchObject({ error: 'RangeError: it fails on request', attempts: 5 });
      expect(await harness.written()).toBe(5);
    });

    it('is tried again for as long as the store is at fault, which counts nothing', async () => {
      // More often than a fact is tried.
      let left = 7;
      await harness.append(2);
      await harness.run(
        ledger({
          after: () => {
            left -= 1;
            return left >= 0 ? Promise.reject(shutdown()) : Promise.resolve();
          },
        }),
      );
      await harness.untilWritten(2);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });
  });

  describe('two consumers of one process', () => {
    let harness: ConsumerHarness;
    let served: ServedConsumers<ConsumerRunner> | undefined;

    beforeEach(async () => {
      harness = await ConsumerHarness.start({ adapter: asController('a promise'), transport });
    });

    afterEach(async () => {
      await served?.stop();
      served = undefined;
      await harness.stop();
    });

    it('each handle every fact once, though one of them can handle none', async () => {
      await harness.append(4, 'counter-one');
      const broken = ledger({
        name: 'broken',
        before: () => {
          throw new RangeError('it fails on request');
        },
      });
      served = await serveTogether(harness, [broken, ledger()]);
      await harness.untilWritten(4);
      await harness.untilParked(4);
      await harness.append(3, 'counter-two');
      await harness.untilWritten(7);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.written('broken')).toBe(0);
      const own = (await harness.parked()).map(({ subscription }) => subscription);
      expect(new Set(own)).toEqual(new Set(['broken']));
    });

    it('do not wait for one that must not start, which passes over nothing', async () => {
      await harness.append(2);
      const refused = { ...ledger({ name: 'refused' }), topics: ['voltrace.counter.v2'] };
      served = await serveTogether(harness, [refused, ledger()]);
      const [one, other] = served.consumers;
      expect(one?.failure?.message).toContain('names voltrace.counter.v2, which nobody publishes');
      expect(other?.failure).toBeUndefined();
      await harness.untilWritten(2);
      const followed = 'select distinct subscription from subscription.checkpoint';
      expect(await harness.rows(followed)).toEqual([{ subscription: 'ledger' }]);
    });

    it('go on where one ends by an error, and that one is started anew', async () => {
      const source = harness.transport.source(harness);
      const breaks = new AbortController();
      const breaking: Source<Fact> = {
        ...source,
        run: async (context, signal) => {
          if (context.subscription !== 'breaking' || breaks.signal.aborted) {
            await source.run(context, signal);
            return;
          }
          await source.run(context, AbortSignal.any([signal, breaks.signal]));
          if (!signal.aborted) throw new Error('it ends on request');
        },
      };
      await harness.append(2);
      const consumers = [ledger({ name: 'breaking' }), ledger()];
      served = await serveTogether(harness, consumers, breaking);
      const [one, other] = served.consumers;
      const runs = [one?.run, other?.run];
      await harness.untilWritten(2, 'breaking');
      breaks.abort();
      await until('it has ended', () => one?.failure?.message === 'it ends on request');
      await harness.append(3);
      await harness.untilWritten(5);
      await harness.untilWritten(5, 'breaking');
      expect(one?.failure).toBeUndefined();
      expect([one?.run === runs[0], other?.run === runs[1]]).toEqual([false, true]);
      for (const name of ['ledger', 'breaking']) expect(await harness.faults(name)).toEqual([]);
    });
  });
};
