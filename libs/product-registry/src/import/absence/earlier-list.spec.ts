import { describe, expect, it } from 'vitest';

import { listBefore } from './earlier-list.js';

/** Such as `june@2025-06-10#3`: its name, its date where it has one, and where in the log it was completed. */
const list = (text: string) => {
  const [, id = '', asOf = null, completed = '0'] = /^(\w+)(?:@([\d-]+))?#(\d+)$/.exec(text) ?? [];
  return { id, asOf, completed: BigInt(completed) };
};

/** The list before one that is imported now, of others. */
const before = (asOf: string | null, began: number, ...others: string[]) =>
  listBefore({ asOf, began: BigInt(began) }, others.map(list))?.id;

describe('the list before another one', () => {
  it('is the newest one of an earlier date, whenever it was imported', () => {
    expect(before('2026-02-11', 9, 'june@2025-06-10#5', 'may@2025-05-01#7')).toBe('june');
    expect(before('2026-02-11', 9, 'june@2025-06-10#12')).toBe('june');
  });

  it('is none where a newer one was imported', () => {
    expect(before('2025-06-10', 9, 'february@2026-02-11#1', 'may@2025-05-01#2')).toBeUndefined();
    expect(before('2025-06-10', 9)).toBeUndefined();
  });

  it('of one day is the one that was completed last before', () => {
    const others = ['first@2026-02-11#3', 'second@2026-02-11#5', 'june@2025-06-10#7'];
    expect(before('2026-02-11', 9, ...others)).toBe('second');
    expect(before('2026-02-11', 4, ...others)).toBe('first');
    expect(before('2026-02-11', 2, ...others)).toBe('june');
  });

  it('has a date where one does, and else none', () => {
    expect(before('2026-02-11', 9, 'june@2025-06-10#3', 'undated#5')).toBe('june');
    expect(before('2026-02-11', 9, 'undated#5', 'older#4')).toBe('undated');
  });

  it('of one without a date is what was completed last, but no list that was out of date', () => {
    expect(before(null, 9, 'june@2025-06-10#3', 'undated#5')).toBe('undated');
    expect(before(null, 9, 'undated#3', 'june@2025-06-10#5')).toBe('june');
    expect(before(null, 9, 'february@2026-02-11#3', 'june@2025-06-10#5')).toBe('february');
    expect(before(null, 4, 'undated#3', 'later#5')).toBe('undated');
  });
});
