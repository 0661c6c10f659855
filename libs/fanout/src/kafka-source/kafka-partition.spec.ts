import { describe, expect, it } from 'vitest';

import type { Checkpoint } from '#subscription/source.js';

import { cursorAt, isLastRecord, itemOf, problemOf } from './kafka-partition.js';

const position = { commit: 7n, prepare: 7n };
const at = (nextOffset: bigint, recordOffset?: bigint): Checkpoint => ({
  nextOffset,
  position: recordOffset === undefined ? undefined : position,
  recordOffset,
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
  ])('%s', (_, checkpoint, extent, problem) => {
    const found = problemOf(checkpoint, extent);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });

  it('is read from the record that was taken last, to see that it is still the same', () => {
    const extent = { low: 0n, high: 9n };
    expect(cursorAt(at(5n, 3n), extent)).toMatchObject({ next: 3n, check: true });
    expect(cursorAt(at(5n, 3n), { ...extent, low: 4n })).toMatchObject({ next: 5n, check: false });
    expect(cursorAt(at(0n), { ...extent, low: 4n })).toMatchObject({ next: 4n, check: false });
    expect(cursorAt({ ...at(0n), position }, extent)).toMatchObject({ next: 0n, check: false });
  });

  it('is another one where that record is not at that offset', () => {
    const record = (offset: bigint, commit: bigint) => ({
      offset,
      position: { commit, prepare: commit },
    });
    const checkpoint = at(5n, 3n);
    expect(isLastRecord(checkpoint, record(3n, 7n))).toBe(true);
    expect(isLastRecord(checkpoint, record(3n, 8n))).toBe(false);
    expect(isLastRecord(checkpoint, record(4n, 7n))).toBe(false);
    expect(isLastRecord(checkpoint, { offset: 3n, position: undefined })).toBe(false);
    expect(isLastRecord(checkpoint, undefined)).toBe(false);
  });

  it('names a record that is no fact by its place and its content', () => {
    const own = { scope: 'topic', partition: 0 };
    const message = { key: null, timestamp: '0', attributes: 0, headers: {} };
    const idOf = (offset: string, value: string): string =>
      itemOf(own, { ...message, offset, value: Buffer.from(value) }).id;
    expect(idOf('5', 'one')).toBe(idOf('5', 'one'));
    expect(new Set([idOf('5', 'one'), idOf('5', 'two'), idOf('6', 'one')]).size).toBe(3);
  });
});
