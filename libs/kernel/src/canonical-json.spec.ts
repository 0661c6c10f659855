import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalJson } from './canonical-json.js';

describe('canonical JSON', () => {
  it('is what another implementation of RFC 8785 makes of any value', () => {
    const value = fc.anything({ withNullPrototype: true, maxDepth: 4 });
    fc.assert(
      fc.property(value, (any) => {
        const textOf = (make: () => string | undefined): string => {
          try {
            return String(make());
          } catch {
            return 'refused';
          }
        };
        const expected = textOf(() => canonicalize(any));
        fc.pre(expected !== 'undefined');
        expect(textOf(() => canonicalJson(any))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes the members in the order of their names, and leaves out those that are undefined', () => {
    expect(
      canonicalJson({ b: [1e21, -0, undefined], a: 'é\n', 10: true, 9: null, c: undefined }),
    ).toBe('{"10":true,"9":null,"a":"é\\n","b":[1e+21,0,null]}');
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [NaN, Infinity, '\ud800', { '\ud800': 1 }, 1n]) {
      expect(() => canonicalJson([value])).toThrow(TypeError);
    }
  });
});
