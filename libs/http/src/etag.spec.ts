import { describe, expect, it } from 'vitest';

import { ifMatchOf } from './etag.js';

const ifMatch = (value?: string) =>
  ifMatchOf({ headers: value === undefined ? {} : { 'if-match': value } });

describe('If-Match', () => {
  it('names the revision that the caller saw', () => {
    expect(ifMatch('"0"')).toBe(0n);
    expect(ifMatch(' "9223372036854775807" ')).toBe(9223372036854775807n);
  });

  it('binds nobody when it is absent or a star', () => {
    expect(ifMatch()).toBeUndefined();
    expect(ifMatch('*')).toBeUndefined();
  });

  it.each(['0', 'W/"1"', '"1", "2"', '"-1"', '"01"', '""', '"9223372036854775808"', 'x'])(
    'refuses %s, which names no single revision',
    (value) => {
      expect(() => ifMatch(value)).toThrow(expect.objectContaining({ code: 'IF_MATCH_INVALID' }));
    },
  );
});
