import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import type { Fact } from '../fact.js';
import type { Delivery, Transport } from '../transport/transport.js';
import { breaksOff } from './broken-runner.js';
import { ledger } from './ledger.js';
import { append, World, type WorldOptions } from './world.js';

/** Every fact once and in the order of its stream, whatever happens to the runner. */
export const deliveryCases = (options: WorldOptions): void => {
  describe('delivery', () => {
    let world: World;

    beforeEach(async () => {
      world = await World.start(options);
    });

    afterEach(() => world.stop());

    it('brings each fact once, in the order of its stream, from the first one on', async () => {
      await append(world.log, 'tally-private', 'Noted', 3, {});
      for (const stream of ['tally-a', 'tally-b', 'tally-c']) await world.count(700, stream);
      await world.run(ledger());
      await world.untilWritten(2_100);
      for (const stream of ['tally-c', 'tally-a']) await world.count(5, stream);
      await world.untilWritten(2_110);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    });

    it('goes on where it stopped', async () => {
      await world.count(10);
      const first = await world.run(ledger());
      await world.untilWritten(10);
      await first.stop();
      await world.count(10, 'tally-meanwhile');
      await world.run(ledger());
      await world.untilWritten(20);
      expect(await world.faults()).toEqual([]);
    });

    it('loses and doubles nothing, whichever statement it breaks off before', async () => {
      const { everyStatement = 1 } = options;
      let broken = 0;
      let tried = 0;
      let expected = 0;
      for (let statement = 4; statement <= 24; statement += everyStatement) {
        tried += 1;
        await world.count(3, `tally-${String(statement % 4)}`);
        expected += 3;
        // The second one finds an interrupted partition, and goes fact by fact.
        for (const _ of ['batch', 'careful']) {
          if (await breaksOff(world, statement, expected)) broken += 1;
        }
        const run = await world.run(ledger());
        await world.untilWritten(expected);
        await run.stop();
      }
      // The last ones are more than a run has, which is done before.
      expect(broken).toBeGreaterThan(tried * 0.9);
      expect(await world.faults()).toEqual([]);
      expect(await world.leftOver()).toEqual({ dead: 0, attempts: 0 });
    }, 480_000);

    it('takes nothing that is brought again, at once or late', async () => {
      await world.run(ledger(), { transport: stuttering(world.carrier.transport(world)) });
      for (const total of [3, 7, 12]) {
        await world.count(total - (await world.written()), 'tally-stutter');
        await world.untilWritten(total);
      }
      expect(await world.faults()).toEqual([]);
      const skipped = 'select sum(skipped)::int > 10 from fanout.consumer_offset';
      await until('the skipped are counted', async () => (await world.value(skipped)) === true);
    });

    it('reads no further ahead than a batch while the handler is slow', async () => {
      await world.count(4_000, 'tally-slow');
      const sizes: number[] = [];
      let atWork = 0;
      let most = 0;
      const slow = async (facts: readonly Fact[]): Promise<void> => {
        sizes.push(facts.length);
        most = Math.max(most, (atWork += 1));
        await new Promise((resolve) => setTimeout(resolve, 50));
        atWork -= 1;
      };
      await world.run(ledger({ after: slow }));
      await world.untilWritten(4_000);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
      expect(most).toBe(1);
      expect(await world.faults()).toEqual([]);
    });
  });
};

/** Brings each delivery twice, and after it all the earlier ones. */
const stuttering = (inner: Transport): Transport => ({
  name: inner.name,
  knows: (topic) => inner.knows(topic),
  run: (context, signal) => {
    const { sink } = context;
    const earlier: Delivery[] = [];
    return inner.run(
      {
        ...context,
        sink: {
          get moves() {
            return sink.moves;
          },
          place: (partition, ended) => sink.place(partition, ended),
          putDown: (partition) => sink.putDown(partition),
          ends: (partition, end) => sink.ends(partition, end),
          take: async (delivery, ended) => {
            await sink.take(delivery, ended);
            for (const old of earlier) await sink.take(old, ended);
            if (delivery.records.length > 0) earlier.push(delivery);
            return sink.take(delivery, ended);
          },
        },
      },
      signal,
    );
  },
});
