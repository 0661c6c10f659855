import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { CallFailure } from './failure.js';
import { LivePace } from './live-pace.js';

const livePace = ({ asServer = false } = {}): LivePace => {
  const pace = new LivePace({ asServer });
  expect(pace.goesLive()).toBe(true);
  expect(pace.goesLive()).toBe(false);
  return pace;
};

const MORE = 33;

describe('a live subscriber', () => {
  it('is dropped when it took nothing for a second and more than 32 events wait, only once it is live', async () => {
    const [pace, behind] = [livePace(), new LivePace({ asServer: false })];
    for (const one of [pace, behind]) one.sends();
    await sleep(1_050);
    for (const one of [pace, behind]) one.taken();
    expect(() => behind.check(MORE)).not.toThrow();
    expect(() => pace.check(MORE)).toThrow(CallFailure);
    expect(() => pace.check(MORE - 1)).not.toThrow();
    // What it did before is forgiven.
    expect(() => pace.check(MORE)).not.toThrow();
  });

  it('keeps up while it takes one message after the other, however long all of them take', async () => {
    const pace = livePace();
    for (let n = 0; n < 3; n += 1) pace.sends();
    for (let n = 0; n < 3; n += 1) {
      await sleep(400);
      pace.taken();
    }
    expect(() => pace.check(MORE)).not.toThrow();
  });

  it('keeps up where the node has nothing to give for a second', async () => {
    const pace = livePace();
    pace.sends();
    pace.taken();
    await sleep(1_050);
    expect(() => pace.check(MORE)).not.toThrow();
    pace.sends();
    pace.taken();
    expect(() => pace.check(MORE)).not.toThrow();
  });

  it('is dropped as soon as more than 32 events wait where the node answers as a server', () => {
    const pace = livePace({ asServer: true });
    expect(() => pace.check(MORE - 1)).not.toThrow();
    expect(() => pace.check(MORE)).toThrow(CallFailure);
  });
});
