import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isNegative, type NumberColumn, readNumber } from './numbers.js';

const points: NumberColumn = { mark: '.', isMixed: false };
const commas: NumberColumn = { mark: ',', isMixed: false };
const untold: NumberColumn = { mark: undefined, isMixed: false };

const valueOf = (text: string, column: NumberColumn): string | undefined => {
  const read = readNumber(text, column);
  return read && 'value' in read ? read.value : undefined;
};

describe('a number', () => {
  it('stays exactly as written', () => {
    for (const text of ['5.40', '305.5104', '5', '0.125', '1.200']) {
      expect(valueOf(text, points)).toBe(text);
    }
  });

  it.each([
    ['1,627', commas, '1.627'],
    ['1.200', commas, '1200'],
    ['1.200,5', commas, '1200.5'],
    ['1,200', points, '1200'],
    ['1,200.50', points, '1200.50'],
    ['1,200,000', untold, '1200000'],
    ['1.200.000', untold, '1200000'],
    ['10 237,65', untold, '10237.65'],
    ['5\u00a0000', untold, '5000'],
    ['5\u202f000.5', points, '5000.5'],
    ["1'200.5", untold, '1200.5'],
    ['600', untold, '600'],
    ['2.5', untold, '2.5'],
    ['\u22125', untold, '-5'],
  ])('%j is read as the column writes numbers', (text, column, value) => {
    expect(valueOf(text, column)).toBe(value);
  });

  it.each(['1,200', '1.200'])('%j may be a thousand where the column does not tell', (text) => {
    expect(readNumber(text, untold)).toEqual({
      unclear: 'may be 1200 or 1.200: nothing in the column tells which',
    });
    expect(readNumber(text, { mark: '.', isMixed: true })).toHaveProperty('unclear');
  });

  it.each([
    ['8.1999999999999993', '8.2'],
    ['2.2999999999999998', '2.3'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['5.1200000000000001', '5.12'],
  ])('%j as a spreadsheet stores it is %j', (text, value) => {
    expect(valueOf(text, points)).toBe(value);
  });

  it.each([
    ...['1,11E+18', '1e3', '5.', '.5', '5 kWh', '', '--1', '٣', '1.2.3', 'NaN', 'Infinity', '05'],
    ...['1,2', '12,34,567', '1 2', '1 20 000', '1'.repeat(19), '9'.repeat(100)],
  ])('is not guessed from %j', (text) => {
    expect(readNumber(text, points)).toBeUndefined();
  });

  it('keeps every digit, whatever the number', () => {
    const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,6})$/);
    fc.assert(
      fc.property(digits, fc.stringMatching(/^\d{1,8}$/), (whole, fraction) => {
        const text = `${whole}.${fraction}`;
        expect(valueOf(text, points)).toBe(text);
        expect(valueOf(`${whole},${fraction}`, commas)).toBe(text);
      }),
    );
  });

  it('is the same double, however a spreadsheet stored it', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e6, noNaN: true }), (double) => {
        expect(Number(valueOf(double.toPrecision(17), points))).toBe(double);
      }),
    );
  });

  it('tells what is below zero', () => {
    const sign = (text: string) => isNegative(valueOf(text, points) ?? '');
    expect([sign('0.00'), sign('-1'), sign('-0'), sign('+7')]).toEqual([false, true, false, false]);
  });
});
