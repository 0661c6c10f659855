import { describe, expect, it } from 'vitest';

import { type Checkpoint, type Item, Undecodable } from './source.js';
import { sortStep, type Step } from './step.js';

const at = (position: number) => ({ commit: BigInt(position), prepare: BigInt(position) });

const checkpoint = (nextOffset: number, position?: number, recordOffset?: number): Checkpoint => ({
  nextOffset: BigInt(nextOffset),
  position: position === undefined ? undefined : at(position),
  recordOffset: recordOffset === undefined ? undefined : BigInt(recordOffset),
});

/** A record of Kafka with an event of this position; undecodable without one. */
const record = (offset: number, position?: number): Item<number> => ({
  id: `event-${String(offset)}`,
  key: 'counter-a',
  type: position === undefined ? null : 'Counted',
  revision: null,
  position: position === undefined ? undefined : at(position),
  offset: BigInt(offset),
  nextOffset: BigInt(offset) + 1n,
  recordedAt: position === undefined ? undefined : `recorded at ${String(position)}`,
  payload: position ?? new Undecodable('no fact'),
});

const step = (items: Item<number>[], nextOffset: number): Step<number> => ({
  items,
  count: items.length,
  through: { nextOffset: BigInt(nextOffset) },
});

describe('a step as it looks from a checkpoint', () => {
  it('leads behind its last event', () => {
    const items = [record(4, 40), record(5, 50)];
    expect(sortStep(checkpoint(4), step(items, 7))).toMatchObject({
      ...{ items, undecodable: [], count: 2, skipped: 0 },
      to: checkpoint(7, 50, 5),
      recordedAt: 'recorded at 50',
    });
  });

  it('has nothing of what lies below the offset or not behind the last position', () => {
    const items = [record(3, 60), record(4, 40), record(5, 50), record(6, 50), record(7, 70)];
    const sorted = sortStep(checkpoint(4, 45, 2), step(items, 8));
    expect(sorted.items.map(({ offset }) => offset)).toEqual([5n, 7n]);
    expect(sorted).toMatchObject({ skipped: 3, to: checkpoint(8, 70, 7) });
  });

  it('keeps the position where nothing is new, and never leads back', () => {
    const from = checkpoint(9, 90, 8);
    const sorted = sortStep(from, step([record(3, 30)], 4));
    expect(sorted).toMatchObject({ items: [], skipped: 1, to: from });
  });

  it('has what is undecodable apart; it says nothing of positions', () => {
    const items = [record(4, 40), record(5)];
    expect(sortStep(checkpoint(4), step(items, 6))).toMatchObject({
      ...{ items: [items[0]], undecodable: [items[1]], skipped: 0 },
      to: checkpoint(6, 40, 4),
    });
  });

  it('leads through events that are passed over, with the last one as the anchor', () => {
    const anchor = { id: 'event-of-the-log', position: at(80) };
    const through = { nextOffset: 80n, position: at(80), anchor, recordedAt: 'recorded at 80' };
    const of = { items: [record(50, 50)], count: 9, through };
    expect(sortStep(checkpoint(40, 40), of)).toMatchObject({
      ...{ count: 9, skipped: 0, recordedAt: 'recorded at 80' },
      to: { nextOffset: 80n, position: at(80), anchor },
    });
  });

  it('keeps the anchor that is known where the source has none', () => {
    const anchor = { id: 'event-of-the-log', position: at(40) };
    const from = { ...checkpoint(4, 40), anchor };
    expect(sortStep(from, step([], 5)).to.anchor).toEqual(anchor);
  });
});
