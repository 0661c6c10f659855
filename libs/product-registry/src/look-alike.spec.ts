import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { modelKeyOf } from './codes.js';
import { damageKeyOf, foreignLettersOf, lookAlikeKeyOf } from './look-alike.js';
import { looksLike } from './product/find-look-alike.js';

const spellings = [
  'PB-100-A',
  'PB–100–A',
  'PB\u2011100\u2011A',
  'pb-100-a',
  'PB-100\u00ad-A',
  'PB-100-A ',
  'РB-100-A',
  'PB - 100 - A',
  'ＰＢ－100-A',
];

describe('models that look alike', () => {
  it.each(spellings)('%j is the same as the others', (model) => {
    expect(lookAlikeKeyOf(model)).toBe('pb-100-a');
  });

  it.each([
    ['SIL-380HC', 'SIL-380HC+'],
    ['PB-100-A', 'PB-100-B'],
    ['V5°', 'V5°α'],
    ['PB*100', 'PB-100'],
    ['V5°0α', 'V5°0β'],
  ])('%j and %j do not', (a, b) => {
    expect(looksLike(a, b)).toBe(false);
  });

  it.each([
    ['V5°0α', 'V5°0?'],
    ['V5°0α', 'V5?0?'],
    ['V5°0α', 'V5\ufffd\ufffd0\ufffd'],
  ])('%j does, to what is left of it in %j', (whole, left) => {
    expect([looksLike(whole, left), damageKeyOf(whole)]).toEqual([true, damageKeyOf(left)]);
  });

  it('have one key where they are one model already', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (model) => {
        expect(lookAlikeKeyOf(modelKeyOf(model))).toBe(lookAlikeKeyOf(model));
      }),
    );
  });

  it('are told by letters of another script among Latin ones', () => {
    expect(foreignLettersOf('РB-100')).toEqual(['Р']);
    expect(foreignLettersOf('РВ-100')).toEqual([]);
    expect(foreignLettersOf('V10α')).toEqual([]);
  });
});
