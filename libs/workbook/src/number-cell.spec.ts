import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { numberCell, plainDecimal } from './number-cell.js';

describe('a number of a workbook', () => {
  it('is a decimal without an exponent that gives the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = plainDecimal(number);
        expect(text).toMatch(/^-?\d+(?:\.\d+)?$/);
        expect(Number(text) === number).toBe(true);
      }),
    );
  });

  it('keeps what is stored wherever the text does not say it', () => {
    const pattern = fc.constantFrom('General', '0.00', 'm/d/yyyy', '#,##0', '0%', '[h]:mm', '"x"@');
    fc.assert(
      fc.property(fc.double({ noNaN: true }), pattern, (number, format) => {
        const stored = String(number);
        const { text, forms } = numberCell(stored, format, false);
        expect(forms?.stored ?? text).toBe(stored);
      }),
    );
  });

  it('that is none stays as it stands', () => {
    for (const stored of ['', 'abc', 'Infinity', '1,5']) {
      expect(numberCell(stored, 'm/d/yyyy', false)).toEqual({ text: stored });
    }
  });
});
