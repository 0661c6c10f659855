import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { appendSample, merged, type Summary, summaryOf } from './summary.js';

/** As a device sends them: some decimals of a size between a watt and a megawatt. */
const value = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((thousandths) => thousandths / 1_000),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((any) => Math.round(any * 1e9) / 1e9),
);
const samples = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 86_400_000 }), value), {
    selector: ([at]) => at,
    minLength: 1,
    maxLength: 60,
  })
  .map((taken) => taken.sort(([a], [b]) => a - b));

/** One after the other. */
const inOrder = (taken: readonly (readonly [number, number])[]): Summary => {
  const [[at, one] = [0, 0], ...rest] = taken;
  const summary = summaryOf(at, one);
  for (const sample of rest) appendSample(summary, ...sample);
  return summary;
};

/** Two halves, each of which is cut again: the numbers of `cuts` say where. */
const inPieces = (
  taken: readonly (readonly [number, number])[],
  [cut = 1, ...cuts]: readonly number[],
): Summary => {
  const [only] = taken;
  if (only && taken.length === 1) return summaryOf(...only);
  const at = 1 + (cut % (taken.length - 1));
  return merged(inPieces(taken.slice(0, at), cuts), inPieces(taken.slice(at), cuts));
};

describe('a summary', () => {
  it('is the same in whatever pieces its samples were merged, to the last bit', () => {
    fc.assert(
      fc.property(samples, fc.array(fc.nat(1_000), { maxLength: 60 }), (taken, cuts) => {
        expect(inPieces(taken, cuts)).toEqual(inOrder(taken));
      }),
      { numRuns: 2_000 },
    );
  });

  it('says what a person would compute', () => {
    const taken = [
      [0, 2],
      [10_000, 4],
      [40_000, 1],
    ] as const;
    expect(inOrder(taken)).toEqual({
      ...{ count: 3, sum: 7, sumLow: 0, min: 1, max: 4 },
      ...{ firstAt: 0, firstValue: 2, lastAt: 40_000, lastValue: 1 },
      ...{ holdArea: 140, holdLow: 0, linearArea: 105, linearLow: 0, maxGapMs: 30_000, falls: 1 },
    });
  });

  it('loses no small number beside a large one', () => {
    const sum = inOrder([
      [0, 1e16],
      [1, 1],
      [2, -1e16],
    ]);
    expect(sum.sum).toBe(1);
  });
});
