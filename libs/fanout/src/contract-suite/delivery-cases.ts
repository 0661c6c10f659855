import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Delivery, Source } from '#subscription/source.js';
import { breaksOff } from '#subscription/test/breaks-off.js';
import { appendTo, nothingLeft } from '#subscription/test/harness.js';
import { until } from '#testing/until.js';

import type { Fact } from '../fact.js';
import { ConsumerHarness, type HarnessOptions } from './harness.js';
import { ledger } from './ledger.js';

/** Every fact once and in the order of its stream, whatever happens to the runner. */
export const deliveryCases = (options: HarnessOptions): void => {
  describe('delivery', () => {
    let harness: ConsumerHarness;

    beforeEach(async () => {
      harness = await ConsumerHarness.start(options);
    });

    afterEach(() => harness.stop());

    it('brings each fact once, in the order of its stream, from the first one on', async () => {
      await appendTo(harness.log, 'counter-private', 'CounterNamed', 3, { name: 'private' });
      for (const stream of ['counter-a', 'counter-b', 'counter-c']) {
        await harness.append(700, stream);
      }
      await harness.run(ledger());
      await harness.untilWritten(2_100);
      for (const stream of ['counter-c', 'counter-a']) await harness.append(5, stream);
      await harness.untilWritten(2_110);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('goes on where it stopped', async () => {
      await harness.append(10);
      const first = await harness.run(ledger());
      await harness.untilWritten(10);
      await first.stop();
      await harness.append(10, 'counter-meanwhile');
      await harness.run(ledger());
      await harness.untilWritten(20);
      expect(await harness.faults()).toEqual([]);
    });

    it('brings nothing again that its source delivers again, at once or late', async () => {
      const source = repeating(harness.transport.source(harness));
      await harness.run(ledger(), { source });
      for (const total of [3, 7, 12]) {
        await harness.append(total - (await harness.written()), 'counter-repeated');
        await harness.untilWritten(total);
      }
      expect(await harness.faults()).toEqual([]);
      const skipped = 'select sum(skipped)::int > 10 from subscription.checkpoint';
      await until('the skipped are counted', async () => (await harness.value(skipped)) === true);
    });

    it('reads no further ahead than a batch while the handler is slow', async () => {
      await harness.append(4_000, 'counter-slow');
      const sizes: number[] = [];
      let atWork = 0;
      let most = 0;
      const slow = async (facts: readonly Fact[]): Promise<void> => {
        sizes.push(facts.length);
        most = Math.max(most, (atWork += 1));
        await new Promise((resolve) => setTimeout(resolve, 50));
        atWork -= 1;
      };
      await harness.run(ledger({ after: slow }));
      await harness.untilWritten(4_000);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
      expect(most).toBe(1);
      expect(await harness.faults()).toEqual([]);
    });
  });
};

/** Runs that break off before a statement, one after the other. */
export const crashCases = (options: HarnessOptions): void => {
  describe('a run that breaks off', () => {
    let harness: ConsumerHarness;

    beforeEach(async () => {
      harness = await ConsumerHarness.start(options);
    });

    afterEach(() => harness.stop());

    it('loses and doubles nothing, whichever statement it breaks off before', async () => {
      const { everyStatement = 1 } = options;
      let broken = 0;
      let tried = 0;
      let expected = 0;
      for (let statement = 4; statement <= 24; statement += everyStatement) {
        tried += 1;
        await harness.append(3, `counter-${String(statement % 4)}`);
        expected += 3;
        // The second one finds an interrupted partition, and isolates each fact.
        for (const _ of ['batch', 'isolated']) {
          const isBroken = await breaksOff(
            harness.databaseUrl,
            statement,
            (store) => harness.begin(ledger(), { store }),
            async () => (await harness.written()) >= expected,
          );
          if (isBroken) broken += 1;
        }
        const run = await harness.run(ledger());
        await harness.untilWritten(expected);
        await run.stop();
      }
      // The last ones are more than a run has, which is done before.
      expect(broken).toBeGreaterThan(tried * 0.9);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    }, 480_000);
  });
};

/** Delivers each delivery twice, and after it all the earlier ones. */
const repeating = (inner: Source<Fact>): Source<Fact> => ({
  name: inner.name,
  run: (context, signal) => {
    const { sink } = context;
    const earlier: Delivery<Fact>[] = [];
    return inner.run(
      {
        ...context,
        sink: {
          get moves() {
            return sink.moves;
          },
          open: (partition, ended) => sink.open(partition, ended),
          rest: (partition) => sink.rest(partition),
          isAwaited: (offset) => sink.isAwaited(offset),
          release: (partition) => sink.release(partition),
          ends: (partition, end) => sink.ends(partition, end),
          take: async (delivery, ended) => {
            await sink.take(delivery, ended);
            for (const old of earlier) await sink.take(old, ended);
            if (delivery.items.length > 0) earlier.push(delivery);
            return sink.take(delivery, ended);
          },
        },
      },
      signal,
    );
  },
});
