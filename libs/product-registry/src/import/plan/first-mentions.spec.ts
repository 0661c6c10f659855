import { describe, expect, it } from 'vitest';

import { FirstMentions } from './first-mentions.js';

describe('first mentions', () => {
  it('tell the row that named a product first, and whether it was said the same of it', () => {
    const mentions = new FirstMentions(3);
    expect(mentions.note('a', 1, 'x')).toBeUndefined();
    expect(mentions.note('b', 2, 'x')).toBeUndefined();
    expect(mentions.note('a', 3, 'x')).toEqual({ row: 1, isSame: true });
    expect(mentions.note('a', 3, 'y')).toEqual({ row: 1, isSame: false });
  });

  it('keep as many products apart as there are rows', () => {
    const rows = 5_000;
    const mentions = new FirstMentions(rows);
    for (let row = 1; row <= rows; row += 1) {
      expect(mentions.note(`product ${String(row)}`, row, '')).toBeUndefined();
    }
    expect(mentions.note('product 1234', rows, '')?.row).toBe(1234);
  });
});
