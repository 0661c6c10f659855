import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isNegative, parseDecimal } from './decimal.js';

describe('decimals', () => {
  it('stay exactly as written', () => {
    expect(parseDecimal('5.40', '.')).toEqual({ value: '5.40', decimals: 2 });
    expect(parseDecimal('305.5104', '.')).toEqual({ value: '305.5104', decimals: 4 });
    expect(parseDecimal('5', '.')).toEqual({ value: '5', decimals: 0 });
  });

  it('read a decimal comma where the file is written with one', () => {
    expect(parseDecimal('1,627', ',')).toEqual({ value: '1.627', decimals: 3 });
    expect(parseDecimal('1.627', ',')).toBeUndefined();
  });

  it.each([
    '1,234',
    '1,11E+18',
    '1e3',
    '5.',
    '.5',
    '5 kWh',
    '',
    '--1',
    '٣',
    '1.2.3',
    'NaN',
    'Infinity',
    '05',
  ])('do not guess at %j', (text) => {
    expect(parseDecimal(text, '.')).toBeUndefined();
  });

  it('refuse more digits than any rating has', () => {
    expect(parseDecimal('1'.repeat(19), '.')).toBeUndefined();
  });

  it('keep every digit, whatever the number', () => {
    const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,17})$/);
    fc.assert(
      fc.property(digits, digits, (whole, fraction) => {
        const text = `${whole}.${fraction}`;
        expect(parseDecimal(text, '.')).toEqual({ value: text, decimals: fraction.length });
        expect(parseDecimal(`${whole},${fraction}`, ',')?.value).toBe(text);
      }),
    );
  });

  it('tell what is below zero', () => {
    const sign = (text: string) => {
      const number = parseDecimal(text, '.');
      return number && isNegative(number);
    };
    expect([sign('0.00'), sign('-1'), sign('-0'), sign('+7')]).toEqual([false, true, false, false]);
  });
});
