import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ParkedResponse } from '#subscription/bodies.http.js';
import { nothingLeft } from '#subscription/test/harness.js';
import { until } from '#testing/until.js';

import { ConsumerHarness, type HarnessOptions } from './harness.js';
import { failingLedger, type Failure, failureMessage, ledger } from './ledger.js';

const ofStream = ({ stream, attempts, error }: ParkedResponse) => ({ stream, attempts, error });

/** What cannot be handled is parked with what comes after it in its stream; the others go on. */
export const poisonCases = (options: HarnessOptions): void => {
  describe('poison', () => {
    let harness: ConsumerHarness;

    beforeEach(async () => {
      harness = await ConsumerHarness.start(options);
    });

    afterEach(() => harness.stop());

    const retry = (id?: string): Promise<string> => harness.operator.retry(id, 'ledger');

    /** A stream whose first fact fails, and `behind` more of it. All are parked. */
    const park = async (behind: number, failure: Failure): Promise<readonly ParkedResponse[]> => {
      await harness.append(1, 'counter-bad', { does: 'fail' });
      if (behind > 0) await harness.append(behind, 'counter-bad');
      await harness.run(failingLedger({ failure }));
      return harness.untilParked(1 + behind);
    };

    it('is parked with its error after five attempts; the others go on', async () => {
      await harness.append(5, 'counter-good');
      await harness.append(1, 'counter-bad', { does: 'fail' });
      await harness.append(2, 'counter-bad');
      await harness.append(5, 'counter-good');
      const tries = new Map<string, number>();
      await harness.run(failingLedger({ tries }));
      await harness.untilWritten(10);
      await harness.untilParked(3);
      await harness.append(1, 'counter-bad');
      await harness.append(1, 'counter-good');
      await harness.untilWritten(11);
      // What comes later waits behind it.
      const parked = await harness.untilParked(4);
      expect(parked.map(ofStream)).toEqual([
        { stream: 'counter-bad', attempts: 5, error: `Error: ${failureMessage}` },
        { stream: 'counter-bad', attempts: 0, error: null },
        { stream: 'counter-bad', attempts: 0, error: null },
        { stream: 'counter-bad', attempts: 0, error: null },
      ]);
      expect(await harness.value('select sum(done)::int from subscription.checkpoint')).toBe(11);
      // Once more than counted: in the batch, where nobody knew which one it was.
      expect([...tries.values()]).toEqual([6]);
      expect(await harness.leftOver()).toEqual({ parked: 4, attempts: 0 });
      // What is in the log is read from there again.
      const stored = 'select count(value)::int from subscription.parked';
      expect(await harness.value(stored)).toBe(harness.transport.name === 'log' ? 0 : 4);
    });

    it('is handled again after the fix, in order, and nothing is left', async () => {
      const failure = { broken: true };
      const [first] = await park(3, failure);
      await harness.append(1, 'counter-worse', { does: 'fail' });
      await harness.untilParked(5);
      failure.broken = false;
      expect(await retry(first?.id)).toBe('4 handled');
      expect((await harness.parked()).map(({ stream }) => stream)).toEqual(['counter-worse']);
      expect(await retry()).toBe('1 handled');
      await harness.append(2, 'counter-bad');
      await harness.untilWritten(7);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('stays with the new error where it fails again', async () => {
      const failure: Failure = { broken: true };
      const parked = await park(2, failure);
      failure.message = 'it fails otherwise';
      expect(await retry(parked.at(-1)?.id)).toBe('0 handled, 1 key fails again');
      expect((await harness.parked()).map(ofStream)).toEqual([
        { stream: 'counter-bad', attempts: 6, error: 'Error: it fails otherwise' },
        { stream: 'counter-bad', attempts: 0, error: null },
        { stream: 'counter-bad', attempts: 0, error: null },
      ]);
      expect(await harness.written()).toBe(0);
    });

    it('is followed by what comes of its stream while it is handled again', async () => {
      const failure = { broken: true };
      let isRetried = false;
      await harness.append(1, 'counter-bad', { does: 'fail' });
      await harness.run(
        failingLedger({
          failure,
          after: async ([fact]) => {
            if (fact?.data['does'] !== 'fail') return;
            isRetried = true;
            await sleep(1_000);
          },
        }),
      );
      await harness.untilParked(1);
      failure.broken = false;
      const done = retry();
      await until('it is in hand', () => isRetried);
      await harness.append(1, 'counter-bad');
      await done;
      await harness.untilWritten(2);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('is given up by an operator for good, and what waits behind it is handled', async () => {
      const [first] = await park(2, { broken: true });
      expect(await harness.operator.discard(first?.id ?? '')).toBe(
        'discarded; behind it 2 handled',
      );
      await harness.append(1, 'counter-bad');
      await harness.untilWritten(3);
      const revisions = (): Promise<object[]> =>
        harness.rows('select revision::int from ledger.entry order by id');
      const behind = [1, 2, 3].map((revision) => ({ revision }));
      expect(await revisions()).toEqual(behind);
      await harness.operator.reset('ledger', null);
      await harness.outcome(/^reset/);
      await harness.untilWritten(3);
      expect(await revisions()).toEqual(behind);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('is none where the handler fails by something that passes', async () => {
      let left = 3;
      const passing = (): void => {
        left -= 1;
        if (left >= 0) throw new Error('not yet');
      };
      await harness.append(3);
      await harness.run(ledger({ before: passing }));
      await harness.untilWritten(3);
      expect(await harness.faults()).toEqual([]);
      expect(await harness.leftOver()).toEqual(nothingLeft);
    });

    it('is a handler that goes on after a statement failed: its offset would move over nothing', async () => {
      await harness.append(1);
      await harness.run(
        ledger({
          after: async (_, client) => {
            await client.query('select 1 / 0').catch(() => undefined);
          },
        }),
      );
      const [parked] = await harness.untilParked(1);
      expect(await harness.written()).toBe(0);
      expect(parked?.error).toMatch(/rolled back|is aborted/);
    });

    it('is a statement of the handler that takes too long: it is no outage that could be waited out', async () => {
      await harness.append(1);
      await harness.run(
        ledger({
          after: async (_, client) => {
            await client.query("set local statement_timeout = '20ms'");
            await client.query('select pg_sleep(1)');
          },
        }),
      );
      const [parked] = await harness.untilParked(1);
      expect(parked).toMatchObject({
        attempts: 5,
        error: expect.stringContaining('took too long') as unknown,
      });
    });
  });
};
