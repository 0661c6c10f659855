import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quoteLongIntegers } from './long-integers.js';

const within = { min: -9e15, max: 9e15, noNaN: true };
const values = [fc.string(), fc.maxSafeInteger(), fc.double(within), fc.constant(null)];

describe('integers in JSON', () => {
  it('become texts where a double is another number', () => {
    const json = '{"a":[9007199254740993,-9007199254740993],"b":9007199254740992}';
    expect(JSON.parse(quoteLongIntegers(json))).toEqual({
      a: ['9007199254740993', '-9007199254740993'],
      b: 9007199254740992,
    });
  });

  it('stay where they are part of a text, a fraction or an exponent', () => {
    for (const json of [
      '{"9007199254740993":"a \\" 9007199254740993 "}',
      '0.90071992547409931234',
      '5e-324',
      '1e308',
      '12345678901234567890.5',
      '12345678901234567890e3',
    ]) {
      expect(quoteLongIntegers(json)).toBe(json);
    }
  });

  it('that a double holds exactly stay as they are', () => {
    fc.assert(
      fc.property(fc.object({ values }), (value) => {
        const read: unknown = JSON.parse(quoteLongIntegers(JSON.stringify(value)));
        expect(read).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
