import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { LogUnavailable, OutcomeUnknown } from './event-log.js';
import { untilAnswered } from './until-answered.js';

const never = () => new Promise<never>(() => undefined);
const times = { attemptMs: 20, boundMs: 200, beforeRepeat: () => true };

/** Attempts that behave as named, the last for all that follow. */
const attempts = (...behaviours: (() => Promise<string>)[]) => {
  let sent = 0;
  return () => {
    const behave = behaviours[Math.min(sent, behaviours.length - 1)] ?? never;
    sent += 1;
    return behave();
  };
};

describe('the attempts of one append', () => {
  it('are answered by the late answer to an earlier one', async () => {
    const late = async () => sleep(90, 'first');
    expect(await untilAnswered(attempts(late, never), times)).toBe('first');
  });

  it('are not refused because a repetition was, while an earlier one is open', async () => {
    const late = async () => sleep(90, 'first');
    const down = () => Promise.reject(new LogUnavailable('down'));
    expect(await untilAnswered(attempts(late, down), times)).toBe('first');
  });

  it('are refused where the only one was', async () => {
    const down = () => Promise.reject(new LogUnavailable('down'));
    await expect(untilAnswered(attempts(down), times)).rejects.toThrow(LogUnavailable);
  });

  it('end as unknown at their bound, by a clock that nobody sets back', async () => {
    const wall = Date.now;
    const began = performance.now();
    Date.now = () => 0;
    try {
      await expect(untilAnswered(attempts(never), times)).rejects.toThrow(OutcomeUnknown);
    } finally {
      Date.now = wall;
    }
    expect(performance.now() - began).toBeGreaterThanOrEqual(199);
  });

  it('end as unknown once no repetition is allowed', async () => {
    const broken = () => Promise.reject(new OutcomeUnknown('broken'));
    const stopped = { ...times, beforeRepeat: () => false };
    await expect(untilAnswered(attempts(broken), stopped)).rejects.toThrow('broken');
  });
});
