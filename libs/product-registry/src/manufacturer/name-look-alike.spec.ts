import { describe, expect, it } from 'vitest';

import { nameLookAlikeKeyOf } from './name-look-alike.js';

describe('names of manufacturers that look alike', () => {
  it.each([
    ['Frient', 'frient A/S', 'FRIENT AS', 'frient a/s '],
    ['Discover Energy Inc', 'Discover Energy Inc.', 'DISCOVER ENERGY, INC.', 'Discover–Energy'],
    ['Lishen Co.,Ltd', 'Lishen Co., Ltd.', 'Lishen Co.Ltd', 'Lishen'],
    ['Enel S.p.A.', 'Enel SpA', 'Enel s. p. a.', 'ENEL'],
    ['Müller & Söhne GmbH', 'Muller and Sohne', 'MÜLLER & SÖHNE G.m.b.H.'],
    ['Juniper\u00adHill', 'JuniperHill', 'Јuniper\u200bHill LLC'],
    ['宁德时代新能源科技股份有限公司', '宁德时代新能源科技'],
  ])('%s and its like have one key', (...names) => {
    expect(new Set(names.map(nameLookAlikeKeyOf)).size).toBe(1);
  });

  it.each([
    ['Alpha Solar', 'Alpha Energy'],
    ['Alpha', 'Alpha Energy'],
    ['AS Power', 'Power'],
    ['Inc', 'Ltd'],
    ['A1', 'A2'],
  ])('%s and %s have not', (a, b) => {
    expect(nameLookAlikeKeyOf(a)).not.toBe(nameLookAlikeKeyOf(b));
  });

  it('is never empty where the name shows a letter or digit', () => {
    for (const name of ['Co.', 'A/S', 'Ltd', '3M', '有限公司社'])
      expect(nameLookAlikeKeyOf(name)).not.toBe('');
  });
});
