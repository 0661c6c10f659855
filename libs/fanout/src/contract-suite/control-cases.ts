import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Refusal } from '#kernel/refusal.js';
import { commandMeta } from '#testing/decider-spec.js';
import { until } from '#testing/until.js';

import { countFacts } from '../consumer/admin.js';
import { consumerStatus } from '../consumer/consumer-statuses.js';
import { listDeadLetters } from '../consumer/dead-letter-list.js';
import type { Transport } from '../transport/transport.js';
import { failingLedger, ledger } from './ledger.js';
import { tallyTopic } from './tally-contract.js';
import { append, type Run, World, type WorldOptions } from './world.js';

/** What operators ask of a consumer is carried out once, running or down. */
export const controlCases = (options: WorldOptions): void => {
  describe('control', () => {
    let world: World;

    beforeEach(async () => {
      world = await World.start(options);
    });

    afterEach(() => world.stop());

    const reset = (to: string | null) =>
      world.admin.reset('ledger', to, commandMeta({ commandId: randomUUID(), reason: 'test' }));

    const dead = async (): Promise<string[]> =>
      (await listDeadLetters(world.store, { limit: 10 })).map(({ key }) => key);

    const outcome = async (matching: RegExp): Promise<void> => {
      let seen: unknown;
      await until(
        () => `an outcome that is like ${String(matching)}, not ${String(seen)}`,
        async () => {
          seen = await world.value('select control_outcome from fanout.consumer');
          return matching.test(String(seen));
        },
      );
    };

    it('delivers all facts again after a reset to the start', async () => {
      await world.count(20);
      await world.run(ledger());
      await world.untilWritten(20);
      await reset(null);
      await outcome(/^reset/);
      await world.untilWritten(20);
      expect(await world.faults()).toEqual([]);
      await world.count(5);
      await world.untilWritten(25);
      expect(await world.faults()).toEqual([]);
    });

    it('delivers what comes after the position of a reset, and nothing before it', async () => {
      await world.count(10, 'tally-early');
      const to = await world.count(10, 'tally-early');
      await world.count(10, 'tally-late');
      await world.run(ledger({ forget: () => Promise.resolve() }));
      await world.untilWritten(30);
      const after = await countFacts(world.log, world.publication, [tallyTopic], to);
      await reset(to.commit.toString());
      await world.untilWritten(40);
      await sleep(500);
      const again = await world.rows<{ stream: string; times: number }>(
        'select stream, count(*)::int as times from ledger.entry group by stream order by stream',
      );
      expect(after).toBe(10);
      expect(again).toEqual([
        { stream: 'tally-early', times: 20 },
        { stream: 'tally-late', times: 20 },
      ]);
    });

    it('forgets with a reset what was laid aside after its position, and that alone', async () => {
      const broken = { is: true };
      await world.count(1, 'tally-early', { does: 'fail' });
      const to = await world.count(1, 'tally-between');
      await world.count(1, 'tally-late', { does: 'fail' });
      await world.count(1, 'tally-late');
      await world.run(failingLedger({ broken, forget: () => Promise.resolve() }));
      await until('they are laid aside', async () => (await dead()).length === 3);
      broken.is = false;
      await reset(to.commit.toString());
      await world.untilWritten(3);
      expect(await dead()).toEqual(['tally-early']);
      expect(await world.leftOver()).toEqual({ dead: 1, attempts: 0 });
    });

    it('forgets with a reset how often a fact was tried', async () => {
      const tries = new Map<string, number>();
      await world.count(1, 'tally-bad', { does: 'fail' });
      let stopped: Promise<void> | undefined;
      let times = 0;
      const run: Run = await world.run(
        ledger({
          before: () => {
            times += 1;
            // From within: who looks from outside may see it too late, when it is laid aside.
            if (times === 4) stopped = run.stop();
            throw new Error('told to fail');
          },
        }),
      );
      await until('it was tried', () => stopped !== undefined);
      await stopped;
      expect(await dead()).toEqual([]);
      expect(Number(await world.value('select sum(attempts) from fanout.attempt'))).toBeGreaterThan(
        1,
      );
      await reset(null);
      await world.run(failingLedger({ tries }));
      await until('it is laid aside', async () => (await dead()).length === 1);
      // Once or twice in its batch, then five times by itself.
      expect(Math.max(...tries.values())).toBeGreaterThanOrEqual(6);
    });

    it('loses and doubles nothing when it is reset with batches in hand', async () => {
      for (let stream = 0; stream < 5; stream += 1) {
        await world.count(400, `tally-${String(stream)}`);
      }
      await world.run(ledger({ after: () => sleep(5) }));
      for (const _ of [1, 2, 3]) {
        await until('some are written', async () => (await world.written()) > 300);
        await reset(null);
        await outcome(/^reset/);
      }
      await until('all are carried out', async () => {
        return (await world.value('select control_revision from fanout.consumer')) === '2';
      });
      await world.untilWritten(2_000);
      expect(await world.faults()).toEqual([]);
    });

    it('carries out at its next start what was asked while it was down', async () => {
      await world.count(10);
      const run = await world.run(ledger());
      await world.untilWritten(10);
      await run.stop();
      await reset(null);
      await world.count(1);
      await world.run(ledger());
      await outcome(/^reset/);
      await world.untilWritten(11);
      expect(await world.faults()).toEqual([]);
    });

    it('leaves a consumer that cannot forget as it is, and says so', async () => {
      await world.count(3);
      const refusing = ledger({
        forget: () => {
          throw new Refusal('NOT_THERE', 'unprocessable', 'only a reset to the start is possible');
        },
      });
      await world.run(refusing);
      await world.untilWritten(3);
      await reset('0');
      await outcome(/^refused: only a reset to the start is possible$/);
      await world.count(2);
      await world.untilWritten(5);
      expect(await world.faults()).toEqual([]);
      await until('it runs', async () => {
        return (await consumerStatus(world.store, 'ledger')).state === 'running';
      });
      expect((await consumerStatus(world.store, 'ledger')).control).toMatchObject({
        revision: '0',
        outcome: 'refused: only a reset to the start is possible',
      });
    });

    it('asks nothing of new tables that was asked of older ones', async () => {
      const position = await world.count(3);
      await append(world.log, 'consumer-ledger', 'ConsumerReset', 1, {
        to: position.commit.toString(),
      });
      await world.run(ledger());
      await world.untilWritten(3);
      expect(await world.faults()).toEqual([]);
    });

    it('refuses a start on another transport until it is reset', async () => {
      const run = await world.run(ledger());
      await until('it is noted', async () => {
        return (await consumerStatus(world.store, 'ledger')).state === 'running';
      });
      await run.stop();
      const other = otherThan(world.carrier.transport(world));
      await expect(world.run(ledger(), { transport: other })).rejects.toThrow(
        /runs on transport .* reset ledger/,
      );
      await reset(null);
      const moved = await world.run(ledger(), { transport: other });
      await moved.stop();
      await expect(world.run(ledger())).rejects.toThrow(/runs on transport/);
      await reset(null);
      await world.count(3);
      await world.run(ledger());
      await world.untilWritten(3);
      expect(await world.faults()).toEqual([]);
    });

    it('refuses a topic that nobody publishes', async () => {
      const lost = { ...ledger(), topics: ['voltrace.nothing.v1'] };
      await expect(world.run(lost)).rejects.toThrow(/voltrace\.nothing\.v1/);
    });

    it('shows how the consumer stands', async () => {
      const began = Date.now();
      await world.count(4, 'tally-shown');
      const run = await world.run(ledger());
      await world.untilWritten(4);
      await until('it is level', async () => {
        return (await consumerStatus(world.store, 'ledger')).lagSeconds === 0;
      });
      const shown = await consumerStatus(world.store, 'ledger');
      expect(shown).toMatchObject({
        state: 'running',
        transport: world.carrier.name,
        deadLetters: 0,
      });
      expect(shown.partitions.reduce((sum, { done }) => sum + done, 0)).toBe(4);
      const { lastProgressAt, connected, stopped } = run.runner.status();
      expect({ connected, stopped }).toEqual({ connected: true, stopped: [] });
      expect(lastProgressAt?.getTime()).toBeGreaterThanOrEqual(began);
      await run.stop();
      const unknown = { lagSeconds: null, pending: null };
      expect(await consumerStatus(world.store, 'ledger')).toMatchObject({
        ...{ state: 'waiting', reason: 'its process was stopped' },
        ...unknown,
      });
      await world.rows(`update fanout.consumer set noted_at = noted_at - interval '1 minute'`);
      expect(await consumerStatus(world.store, 'ledger')).toMatchObject({
        ...{ state: 'down', reason: expect.stringMatching(/^nothing was heard .* was stopped$/) },
        ...unknown,
      });
    });
  });
};

/** Brings nothing, under the other one's name. */
const otherThan = (transport: Transport): Transport => ({
  name: transport.name === 'log' ? 'kafka' : 'log',
  knows: (topic) => transport.knows(topic),
  run: (_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }),
});
