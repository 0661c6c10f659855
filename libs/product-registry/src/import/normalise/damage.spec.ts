import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { damageOf, decodedAgain } from './damage.js';

/** What a program makes of UTF-8 that it takes for Latin-1. */
const misread = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('the damage of a model', () => {
  it.each([
    ['AB\ufffd', /could not be decoded/],
    ['V5°?', /question mark/],
    ['V5?0', /question mark/],
    ['Zo? Power', /question mark/],
    ['V5Â°0Î±', /"V5°0α" read in another code page/],
    ['PBâ€“100', /"PB–100" read in another code page/],
    ['РB-100', /looks like "PB-100", but Р \(U\+0420\)/],
    ['9.55167E+12', /number that a spreadsheet shortened/],
    ['9,55167E+12', /number that a spreadsheet shortened/],
    ['1E+10', /number that a spreadsheet shortened/],
    ['5-Mar', /date that a spreadsheet made/],
    ['Mar-25', /date that a spreadsheet made/],
    ['2025-03-01 00:00:00', /date that a spreadsheet made/],
  ])('%j is seen', (text, reason) => {
    expect(damageOf(text, 'model')?.reason).toMatch(reason);
  });

  it.each([
    ...['V5°0α', 'V10α', 'PB–100', 'РВ-100', '1E10', 'E+12', '10-12', 'Zoë Énergie', 'X (2024)'],
    ...['Fengfan Co., Ltd. Power Supply Branch – SPT', 'Pylon\u00a0', '電池 5', '?', 'ß°a'],
  ])('%j shows none', (text) => {
    expect(damageOf(text, 'model')).toBeUndefined();
  });

  it('does not take the name of a maker for a number or date', () => {
    expect(damageOf('1E+10', 'manufacturer')).toBeUndefined();
  });
});

describe('text that was read in another code page', () => {
  it('is read back, whatever it was, once and twice', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('aZ9-°αéß漢')), minLength: 1 });
    fc.assert(
      fc.property(text, (written) => {
        // Some text is by chance what another one is misread as: `é°°` of a Chinese character.
        fc.pre(decodedAgain(written) === undefined);
        const isAscii = /^[\x20-\x7e]*$/.test(written);
        expect(decodedAgain(misread(written))).toBe(isAscii ? undefined : written);
        expect(decodedAgain(misread(misread(written)))).toBe(isAscii ? undefined : written);
      }),
    );
  });
});
