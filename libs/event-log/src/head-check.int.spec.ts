import { randomUUID } from 'node:crypto';

import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { HeadCheck } from './head-check.js';
import { LogTail } from './log-tail.js';
import { closeAfterwards, connected, foundEvent } from './wire-server.fixture.js';

it('does not wait again and again for a head that the tail never delivers', async () => {
  let head = 10;
  const id = randomUUID();
  const log = await connected({
    onRead: (call) => {
      if (call.request.getOptions()?.hasSubscription() === true) return;
      call.write(foundEvent(id, head, head, head === 10 ? 'Counted' : '$>'));
      call.end();
    },
  });
  const tail = new LogTail(log, { probeMs: 60_000 });
  closeAfterwards(() => tail.stop());
  await tail.start();
  await until('it follows', () => tail.run !== undefined);
  let waits = 0;
  const check = new HeadCheck(log, {
    get run() {
      return tail.run;
    },
    has: (position) => tail.has(position),
    reaches: (...call) => {
      waits += 1;
      return tail.reaches(...call);
    },
  });
  expect(await check.caughtUp()).toBe(tail.run);

  head = 11;
  expect(await check.caughtUp()).toBeUndefined();
  const began = performance.now();
  waits = 0;
  for (let n = 0; n < 20; n += 1) expect(await check.caughtUp()).toBeUndefined();
  // It tries again after a second.
  expect(waits).toBeLessThanOrEqual(Math.floor((performance.now() - began) / 1_000));

  head = 10;
  expect(await check.caughtUp()).toBe(tail.run);
});
