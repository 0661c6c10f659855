import { describe, expect, it } from '@jest/globals';

import { aimAt, isTheOneTaken, problemOf } from './kafka-partition.js';
import type { Incoming, Place } from './transport.js';

const position = { commit: 7n, prepare: 7n };
const at = (nextOffset: bigint, factOffset?: bigint): Place => ({
  nextOffset,
  position: factOffset === undefined ? undefined : position,
  factOffset,
});

describe('a partition', () => {
  it.each([
    ['is read on within what there is', at(5n, 4n), { low: 0n, high: 9n }, undefined],
    ['is read on at its end', at(5n, 4n), { low: 0n, high: 5n }, undefined],
    ['is read on from the first record that is left', at(5n, 4n), { low: 5n, high: 9n }, undefined],
    ['is read from whatever beginning there is', at(0n), { low: 5n, high: 9n }, undefined],
    ['that ends earlier was made anew', at(5n, 4n), { low: 0n, high: 4n }, /made anew/],
    ['that begins later lost records', at(5n, 4n), { low: 6n, high: 9n }, /deleted before/],
    ['that is gone is told', at(5n, 4n), undefined, /gone/],
  ])('%s', (_, place, extent, problem) => {
    const found = problemOf(place, extent);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it('is read from the record that was taken last, to see that it is still the same', () => {
    const extent = { low: 0n, high: 9n };
    expect(aimAt(at(5n, 3n), extent)).toMatchObject({ next: 3n, check: true });
    expect(aimAt(at(5n, 3n), { ...extent, low: 4n })).toMatchObject({ next: 5n, check: false });
    expect(aimAt(at(0n), { ...extent, low: 4n })).toMatchObject({ next: 4n, check: false });
    expect(aimAt({ ...at(0n), position }, extent)).toMatchObject({ next: 0n, check: false });
  });

  it('is another one where that record is not at that offset', () => {
    const record = (offset: bigint, commit: bigint): Incoming => ({
      offset,
      nextOffset: offset + 1n,
      content: { position: { commit, prepare: commit } } as Extract<
        Incoming['content'],
        { position: unknown }
      >,
      record: () => ({ key: null, value: null }),
    });
    const place = at(5n, 3n);
    expect(isTheOneTaken(place, record(3n, 7n))).toBe(true);
    expect(isTheOneTaken(place, record(3n, 8n))).toBe(false);
    expect(isTheOneTaken(place, record(4n, 7n))).toBe(false);
    expect(isTheOneTaken(place, { ...record(3n, 7n), content: { problem: 'x' } })).toBe(false);
    expect(isTheOneTaken(place, undefined)).toBe(false);
  });
});
