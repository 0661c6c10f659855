import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { LogTail } from './log-tail.js';
import type { TailOptions } from './tail-options.js';
import { closeAfterwards, connected, foundEvent } from './wire-server.fixture.js';

/**
 * A tail whose subscriptions are all silent, over a log that had one event when the tail started and
 * whose newest event of ours now has `system` links behind it.
 */
const silentTail = async (system: number, options: TailOptions = {}) => {
  const ours = 10_000;
  let subscriptions = 0;
  let entriesRead = 0;
  let started = false;
  const first = foundEvent(randomUUID(), 0, 10);
  const log = await connected({
    onRead: (call) => {
      const asked = call.request.getOptions();
      if (asked?.hasSubscription() === true) {
        subscriptions += 1;
        return;
      }
      const from = Number(asked?.getAll()?.getPosition()?.getCommitPosition() ?? ours + system);
      // At the start, and where the tail looks whether this is the log that it knows.
      if (!started || from < ours) call.write(first);
      else {
        const last = Math.max(ours, from - Number(asked?.getCount()) + 1);
        for (let at = from; at >= last; at -= 1) {
          call.write(foundEvent(randomUUID(), at, at, at === ours ? 'Counted' : '$>'));
        }
        entriesRead = Math.max(entriesRead, ours + system - last + 1);
      }
      started = true;
      call.end();
    },
  });
  const tail = new LogTail(log, { probeMs: 20, stallMs: 100, ...options });
  closeAfterwards(() => tail.stop());
  await tail.start();
  return { subscriptions: () => subscriptions, entriesRead: () => entriesRead };
};

describe('a subscription that falls silent', () => {
  it.each([0, 40, 1_000])('is renewed when ours has %i system events behind it', async (system) => {
    const { subscriptions } = await silentTail(system);
    await until('the subscription is renewed', () => subscriptions() > 1);
    expect(subscriptions()).toBeGreaterThan(1);
  });

  it('is left alone, and that is said, where too many system events lie behind ours', async () => {
    const said: string[] = [];
    const logger = { info: () => undefined, warn: (_: object, line: string) => said.push(line) };
    const { subscriptions, entriesRead } = await silentTail(100_000, { logger });
    await until('it is said', () => said.some((line) => line.includes('are all system events')));
    expect(subscriptions()).toBe(1);
    expect(entriesRead()).toBeLessThan(20_000);
  });
});
