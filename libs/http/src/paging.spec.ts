import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeCursor, decodeIdCursor, encodeCursor, parseLimit } from './paging.js';
import { unstorable } from './storable-text.js';

const part = fc.option(
  fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !unstorable(s)),
);

describe('a cursor', () => {
  it('gives back the keys that it was made of', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.string(), (parts, context) => {
        expect(decodeCursor(encodeCursor(parts, context), context)).toEqual(parts);
      }),
    );
  });

  it('of one id holds a number, whoever made it', () => {
    expect(decodeIdCursor(encodeCursor(['17'], 'parked'), 'parked')).toBe('17');
    for (const forged of [['x'], [null], [], ['1'.repeat(19)]]) {
      expect(() => decodeIdCursor(encodeCursor(forged, 'parked'), 'parked')).toThrow(
        'the cursor is not acceptable',
      );
    }
  });

  it('is refused by a query with other filters', () => {
    const cursor = encodeCursor(['a', null], 'sort=name');
    expect(() => decodeCursor(cursor, 'sort=code')).toThrow(
      expect.objectContaining({ code: 'CURSOR_INVALID', kind: 'invalid' }),
    );
  });

  it('is refused, never an accident, whatever it holds', () => {
    const refused = expect.objectContaining({ code: 'CURSOR_INVALID' });
    const forged = encodeCursor(['\0'], 'x');
    for (const text of ['', '%', 'AAAA', '[]', forged, 'a'.repeat(5_000)]) {
      expect(() => decodeCursor(text, 'x')).toThrow(refused);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, 'x')).toThrow(refused);
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
