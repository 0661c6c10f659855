import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Position, StoredEvent } from '#event-log/event-log.js';

import { tick } from './projector.js';

const clockOf = (times: readonly number[]): Map<number, Position> => {
  const clock = { runningMax: -Infinity, ticks: new Map<number, Position>() };
  for (const [index, time] of times.entries()) {
    const commit = BigInt(index * 7);
    tick(clock, { created: new Date(time), position: { commit, prepare: commit } } as StoredEvent);
  }
  return clock.ticks;
};

/** The last event at or before which every event was written at or before `time`, straight from the definition. */
const byDefinition = (times: readonly number[], time: number): number => {
  const first = times.findIndex((created) => created > time);
  return (first < 0 ? times.length : first) - 1;
};

const lookUp = (ticks: ReadonlyMap<number, Position>, time: number): number => {
  const [latest] = [...ticks].filter(([max]) => max <= time).sort(([a], [b]) => b - a);
  return latest ? Number(latest[1].commit) / 7 : -1;
};

describe('the clock of the log', () => {
  it('keeps the last event of each time', () => {
    expect([...clockOf([10, 10, 12]).entries()]).toEqual([
      [10, { commit: 7n, prepare: 7n }],
      [12, { commit: 14n, prepare: 14n }],
    ]);
  });

  it('counts an event that was written while the clock had jumped back to the time before', () => {
    expect([...clockOf([10, 20, 5, 15]).keys()]).toEqual([10, 20]);
    expect(clockOf([10, 20, 5, 15]).get(20)?.commit).toBe(21n);
  });

  it('answers by the running maximum for times that stand still, jump back and jump ahead', () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 });
    fc.assert(
      fc.property(times, fc.integer({ min: -1, max: 21 }), (created, time) => {
        expect(lookUp(clockOf(created), time)).toBe(byDefinition(created, time));
      }),
    );
  });
});
