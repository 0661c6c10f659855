import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';
import { PauseSubscription, ResumeSubscription } from '#subscription/control/commands.js';
import { previewReset } from '#subscription/reset-preview.js';
import type { Source } from '#subscription/source.js';
import { subscriptionHealth } from '#subscription/status.js';
import { operatorMeta } from '#subscription/test/ask.js';
import { appendTo, knownAs, nothingLeft } from '#subscription/test/harness.js';
import { until } from '#testing/until.js';

import type { Fact } from '../fact.js';
import { ConsumerHarness, type HarnessOptions } from './harness.js';
import { failingLedger, ledger } from './ledger.js';

/** What operators ask of a consumer is carried out once, running or down. */
export const controlCases = (options: HarnessOptions): void => {
  describe('control', () => {
    let harness: ConsumerHarness;

    beforeEach(async () => {
      harness = await ConsumerHarness.start(options);
    });

    afterEach(() => harness.stop());

    const reset = (to: string | null): Promise<bigint> => harness.operator.reset('ledger', to);

    const done = (command: PauseSubscription | ResumeSubscription): Promise<string> =>
      harness.operator.done('ledger', command);

    const parkedStreams = async (): Promise<string[]> =>
      (await harness.parked()).map(({ stream }) => stream);

    it('delivers all facts again after a reset to the start', async () => {
      await harness.append(20);
      await harness.run(ledger());
      await harness.untilWritten(20);
      await reset(null);
      await harness.outcome(/^reset/);
      await harness.untilWritten(20);
      expect(await harness.faults()).toEqual([]);
      await harness.append(5);
      await harness.untilWritten(25);
      expect(await harness.faults()).toEqual([]);
    });

    it('delivers what comes after the position of a reset, as its preview says, and nothing before it', async () => {
      await harness.append(10, 'counter-early');
      const to = String((await harness.append(10, 'counter-early')).commit);
      await harness.append(10, 'counter-late');
      await harness.run(ledger({ forget: () => Promise.resolve() }));
      await harness.untilWritten(30);
      const { store, log } = harness;
      const preview = await previewReset(store, log, knownAs('ledger'), 'ledger', to);
      await reset(to);
      await harness.untilWritten(40);
      await sleep(500);
      const again = await harness.rows<{ stream: string; times: number }>(
        'select stream, count(*)::int as times from ledger.entry group by stream order by stream',
      );
      expect(preview).toMatchObject({ events: 10, parked: 0 });
      expect(again).toEqual([
        { stream: 'counter-early', times: 20 },
        { stream: 'counter-late', times: 20 },
      ]);
    });

    it('forgets with a reset what was parked after its position, and that alone', async () => {
      const failure = { broken: true };
      await harness.append(1, 'counter-early', { does: 'fail' });
      const to = await harness.append(1, 'counter-between');
      await harness.append(1, 'counter-late', { does: 'fail' });
      await harness.append(1, 'counter-late');
      await harness.run(failingLedger({ failure, forget: () => Promise.resolve() }));
      await harness.untilParked(3);
      failure.broken = false;
      await reset(to.commit.toString());
      await harness.untilWritten(3);
      expect(await parkedStreams()).toEqual(['counter-early']);
      expect(await harness.leftOver()).toEqual({ parked: 1, attempts: 0 });
    });

    it('forgets with a reset how often a fact was tried', async () => {
      const tries = new Map<string, number>();
      await harness.append(1, 'counter-bad', { does: 'fail' });
      let stopped: Promise<void> | undefined;
      let times = 0;
      const run = await harness.run(
        ledger({
          before: () => {
            times += 1;
            // From within: from outside it may be seen too late, when it is parked.
            if (times === 4) stopped = run.stop();
            throw new Error('it fails on request');
          },
        }),
      );
      await until('it was tried', () => stopped !== undefined);
      await stopped;
      expect(await parkedStreams()).toEqual([]);
      const attempts = 'select sum(attempts)::int from subscription.attempt';
      expect(await harness.value(attempts)).toBeGreaterThan(1);
      await reset(null);
      await harness.run(failingLedger({ tries }));
      await harness.untilParked(1);
      // Once or twice in its batch, then five times by itself.
      expect(Math.max(...tries.values())).toBeGreaterThanOrEqual(6);
    });

    it('loses and doubles nothing when it is reset with batches in hand', async () => {
      for (let stream = 0; stream < 5; stream += 1) {
        await harness.append(400, `counter-${String(stream)}`);
      }
      await harness.run(ledger({ after: () => sleep(5) }));
      for (const _ of [1, 2, 3]) {
        await until('some are written', async () => (await harness.written()) > 300);
        await reset(null);
        await harness.outcome(/^reset/);
      }
      await until('all are carried out', async () => {
        return (await harness.overview()).control?.revision === '2';
      });
      await harness.untilWritten(2_000);
      expect(await harness.faults()).toEqual([]);
    });

    it('carries out at its next start what was asked while it was down', async () => {
      await harness.append(10);
      const run = await harness.run(ledger());
      await harness.untilWritten(10);
      await run.stop();
      await reset(null);
      await harness.append(1);
      await harness.run(ledger());
      await harness.outcome(/^reset/);
      await harness.untilWritten(11);
      expect(await harness.faults()).toEqual([]);
    });

    it('handles nothing while it is paused, after a restart and a reset too, until it is resumed', async () => {
      await harness.append(3, 'counter-a');
      const run = await harness.run(ledger());
      await harness.untilWritten(3);
      expect(await done(new PauseSubscription({ version: 0 }, operatorMeta()))).toBe('paused');
      await harness.append(3, 'counter-a');
      await sleep(2_000);
      expect(await harness.written()).toBe(3);
      await run.stop();
      const again = await harness.run(ledger());
      await until('its status says so', async () => (await harness.overview()).state === 'paused');
      expect(await harness.written()).toBe(3);
      await reset(null);
      await harness.outcome(/^reset/);
      await sleep(2_000);
      expect(await harness.written()).toBe(0);
      expect(subscriptionHealth(again.runner.status(), new Date()).status).toBe('up');
      expect(await done(new ResumeSubscription({ version: 0 }, operatorMeta()))).toBe('resumed');
      await harness.untilWritten(6);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('leaves a consumer that cannot forget as it is, and says so', async () => {
      await harness.append(3);
      const refusing = ledger({
        forget: () => {
          throw new Refusal('NOT_THERE', 'unprocessable', 'only a reset to the start is possible');
        },
      });
      await harness.run(refusing);
      await harness.untilWritten(3);
      await reset('0');
      const outcome = 'refused: only a reset to the start is possible';
      await harness.outcome(new RegExp(`^${outcome}$`));
      await harness.append(2);
      await harness.untilWritten(5);
      expect(await harness.faults()).toEqual([]);
      await until('it runs', async () => (await harness.overview()).state === 'running');
      expect((await harness.overview()).control).toMatchObject({ revision: '0', outcome });
    });

    it('asks nothing of new tables that was asked of older ones', async () => {
      const position = await harness.append(3);
      await appendTo(harness.log, 'subscription-ledger', 'SubscriptionReset', 1, {
        to: position.commit.toString(),
      });
      await harness.run(ledger());
      await harness.untilWritten(3);
      expect(await harness.faults()).toEqual([]);
    });

    it('refuses a start on another source until it is reset', async () => {
      const run = await harness.run(ledger());
      await until('it is noted', async () => (await harness.overview()).state === 'running');
      await run.stop();
      const source = otherThan(harness.transport.source(harness));
      await expect(harness.run(ledger(), { source })).rejects.toThrow(
        /runs on source .* reset ledger/,
      );
      await reset(null);
      const moved = await harness.run(ledger(), { source });
      await moved.stop();
      await expect(harness.run(ledger())).rejects.toThrow(/runs on source/);
      await reset(null);
      await harness.append(3);
      await harness.run(ledger());
      await harness.untilWritten(3);
      expect(await harness.faults()).toEqual([]);
    });

    it('refuses a topic that nobody publishes', async () => {
      const lost = { ...ledger(), topics: ['voltrace.nothing.v1'] };
      await expect(harness.run(lost)).rejects.toThrow(/voltrace\.nothing\.v1/);
    });

    it('shows the state of the consumer', async () => {
      const began = Date.now();
      await harness.append(4, 'counter-shown');
      const run = await harness.run(ledger());
      await harness.untilWritten(4);
      await until('it has caught up', async () => (await harness.overview()).lagSeconds === 0);
      const shown = await harness.overview();
      expect(shown).toMatchObject({
        ...{ state: 'running', source: harness.transport.name, parked: 0, control: null },
      });
      expect(shown.partitions.reduce((sum, partition) => sum + partition.done, 0)).toBe(4);
      const { lastProgressAt, connected, state } = run.runner.status();
      expect({ connected, state }).toEqual({ connected: true, state: 'running' });
      expect(lastProgressAt?.getTime()).toBeGreaterThanOrEqual(began);
      await run.stop();
      const unknown = { lagSeconds: null, pending: null };
      expect(await harness.overview()).toMatchObject({
        ...{ state: 'waiting', reason: 'its process was stopped' },
        ...unknown,
      });
      await harness.rows(
        `update subscription.subscription set noted_at = noted_at - interval '1 minute'`,
      );
      expect(await harness.overview()).toMatchObject({
        ...{
          state: 'down',
          reason: expect.stringMatching(/^it recorded nothing since .* stopped$/) as unknown,
        },
        ...unknown,
      });
    });
  });
};

/** Delivers nothing, under the other one's name. */
const otherThan = ({ name }: Source<Fact>): Source<Fact> => ({
  name: name === 'log' ? 'kafka' : 'log',
  run: (_, signal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }),
});
