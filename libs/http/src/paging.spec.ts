import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type CursorPart, decodeCursor, encodeCursor, parseLimit } from './paging.js';
import { unstorable } from './storable-text.js';

const part = fc.option(
  fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !unstorable(s)),
);

const refused = expect.objectContaining({ code: 'CURSOR_INVALID', kind: 'invalid' });

describe('a cursor', () => {
  it('gives back the keys that it was made of', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.string(), (keys, context) => {
        const shape = keys.map(() => 'text?' as const);
        expect(decodeCursor(encodeCursor(keys, context), context, shape)).toEqual(keys);
      }),
    );
  });

  it.each<[CursorPart, (string | null)[], (string | null)[]]>([
    ['bigint', ['0', '9223372036854775807'], ['9223372036854775808', '-1', '1.0', 'x', '', null]],
    ['bigint?', ['17', null], ['9223372036854775808', '9'.repeat(30)]],
    ['numeric', ['-13.50', '9'.repeat(60)], ['1e5', 'NaN', '9'.repeat(61), '1.', null]],
    ['day', ['2026-02-28'], ['2026-02-29', '0000-01-01', '99999-01-01', 'infinity', null]],
    ['text', ['', 'x'], [null]],
  ])('holds what Postgres reads as %s, whoever made it', (type, good, forged) => {
    for (const value of good) {
      expect(decodeCursor(encodeCursor([value], 'x'), 'x', [type])).toEqual([value]);
    }
    for (const value of forged) {
      expect(() => decodeCursor(encodeCursor([value], 'x'), 'x', [type])).toThrow(refused);
    }
  });

  it('has as many keys as the list has', () => {
    for (const keys of [[], ['1', '2']]) {
      expect(() => decodeCursor(encodeCursor(keys, 'x'), 'x', ['bigint'])).toThrow(refused);
    }
  });

  it('is refused by a query with other filters', () => {
    const cursor = encodeCursor(['a', null], 'sort=name');
    expect(() => decodeCursor(cursor, 'sort=code', ['text', 'text?'])).toThrow(refused);
  });

  it('is refused, never an accident, whatever it holds', () => {
    const forged = encodeCursor(['\0'], 'x');
    for (const text of ['', '%', 'AAAA', '[]', forged, 'a'.repeat(5_000)]) {
      expect(() => decodeCursor(text, 'x', ['text'])).toThrow(refused);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 'x', ['text'])).toThrow(refused);
      }),
    );
  });
});

describe('a limit', () => {
  it('is 100 unless given and never more than the maximum', () => {
    expect(parseLimit(undefined)).toBe(100);
    expect(parseLimit('1000')).toBe(1000);
    expect(parseLimit('7', { max: 7 })).toBe(7);
    for (const raw of ['0', '-1', '1001', '1e2', '', ' 5', '5.0', ['5', '6'], 5]) {
      expect(() => parseLimit(raw)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID' }));
    }
  });
});
