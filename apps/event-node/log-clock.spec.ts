import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ticksOfMilliseconds } from './event.js';
import { LogClock } from './log-clock.js';

const clockFrom = (lastMs: number, startMs: number) => {
  const wall = { ms: startMs };
  const said: string[] = [];
  const clock = new LogClock(
    ticksOfMilliseconds(lastMs),
    {
      onBehind: (behindMs) => said.push(`behind ${behindMs}`),
      onCaughtUp: () => said.push('caught up'),
    },
    () => wall.ms,
  );
  return { clock, said, wall };
};

describe('the clock of the log', () => {
  it('is the wall clock, also after a jump forwards', () => {
    const { clock, said, wall } = clockFrom(0, 1_000);
    expect(clock.next()).toBe(ticksOfMilliseconds(1_000));
    wall.ms += 3_600_000;
    expect(clock.next()).toBe(ticksOfMilliseconds(3_601_000));
    expect(said).toEqual([]);
  });

  it('stands while the wall clock is behind, says so once, and goes on with it', () => {
    const { clock, said, wall } = clockFrom(0, 10_000);
    wall.ms = 4_000;
    expect(clock.next()).toBe(ticksOfMilliseconds(10_000));
    wall.ms = 5_000;
    expect(clock.next()).toBe(ticksOfMilliseconds(10_000));
    expect(said).toEqual(['behind 6000']);
    wall.ms = 10_001;
    expect(clock.next()).toBe(ticksOfMilliseconds(10_001));
    expect(said).toEqual(['behind 6000', 'caught up']);
  });

  it('says at the start when the newest event lies ahead', () => {
    const { clock, said } = clockFrom(90_000, 30_000);
    expect(said).toEqual(['behind 60000']);
    expect(clock.next()).toBe(ticksOfMilliseconds(90_000));
  });

  it('says nothing of a correction by a part of a second', () => {
    const { clock, said, wall } = clockFrom(0, 10_000);
    wall.ms = 9_400;
    expect(clock.next()).toBe(ticksOfMilliseconds(10_000));
    expect(said).toEqual([]);
  });

  it('never goes back, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(), { minLength: 1 }), (lastMs, readings) => {
        const { clock, wall } = clockFrom(lastMs, readings[0]!);
        let last = ticksOfMilliseconds(lastMs);
        for (const reading of readings) {
          wall.ms = reading;
          const now = clock.next();
          expect(now).toBe(
            ticksOfMilliseconds(reading) > last ? ticksOfMilliseconds(reading) : last,
          );
          last = now;
        }
      }),
    );
  });
});
