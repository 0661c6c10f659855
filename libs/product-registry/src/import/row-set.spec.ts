import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RowSet } from './row-set.js';

const rows = fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 60 });

describe('a set of rows', () => {
  it('holds what a Set holds, whatever is added and taken out', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), rows)), (changes) => {
        let set = RowSet.empty;
        const model = new Set<number>();
        for (const [add, numbers] of changes) {
          set = add ? set.with(numbers) : set.without(numbers);
          for (const row of numbers)
            if (add) model.add(row);
            else model.delete(row);
        }
        expect(set.size).toBe(model.size);
        for (let row = 1; row <= 2000; row += 1) expect(set.has(row)).toBe(model.has(row));
      }),
      { numRuns: 30 },
    );
  });

  it('does not change when another is made from it', () => {
    const before = RowSet.empty.with([1, 9]);
    before.with([2]).without([9]);
    expect([before.has(2), before.has(9), before.size]).toEqual([false, true, 2]);
  });
});
