import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  derivedEntityCodeOf,
  entityCodeOf,
  entityCodePattern,
  manufacturerNameKeyOf,
  manufacturerNameOf,
  modelKeyOf,
  prodCodeOf,
} from './codes.js';

describe('the normal form of a model', () => {
  it.each([
    ['\u00a0EFL-48\u00a0', 'EFL-48'],
    ['M\u200b-3', 'M-3'],
    ['\u202eM-3', 'M-3'],
    ['\u2060', ''],
    ['\u3164', ''],
    ['RB-\n5.1H', 'RB-5.1H'],
    ['BYD  B-Box\t3', 'BYD B-Box 3'],
    ['Cafe\u0301', 'Caf\u00e9'],
    ['SIL-380HC+', 'SIL-380HC+'],
  ])('of %j is %j', (model, key) => {
    expect(modelKeyOf(model)).toBe(key);
  });
});

describe('normal forms', () => {
  // Any text, and those characters often whose order of removal and composition matters.
  const unit = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      ...Array.from(
        'aJ- \u200b\ufeff\u0300\u0301\u030c\u0307\u0130\u03a3\u1100\u1161\u11a8\u3164\u00a0\n',
      ),
    ),
  );
  const text = fc.string({ unit, maxLength: 12 });

  it.each(Object.entries({ modelKeyOf, manufacturerNameOf, manufacturerNameKeyOf }))(
    '%s of a normal form changes nothing',
    (_, form) => {
      fc.assert(
        fc.property(text, (one) => {
          expect(form(form(one))).toBe(form(one));
        }),
        { numRuns: 5_000 },
      );
    },
  );

  it.each([
    [modelKeyOf, 'e\u200b\u0301-1', '\u00e9-1'],
    [manufacturerNameOf, 'e\u200b\u0301', '\u00e9'],
    [manufacturerNameKeyOf, 'J\u030c', '\u01f0'],
  ])('are composed after all that shows nothing is gone', (form, one, normal) => {
    expect(form(one)).toBe(normal);
  });

  it('of a kept name is the form of the name as it was written', () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(manufacturerNameKeyOf(manufacturerNameOf(name))).toBe(manufacturerNameKeyOf(name));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a product code', () => {
  it('replaces each character that codes do not have, one by one', () => {
    expect(prodCodeOf('APSYS', 'APbattery-51.2V/10.24kWh-U(N=1)')).toBe(
      'APSYS-APBATTERY_51_2V_10_24KWH_U_N_1_',
    );
  });

  it('replaces a character outside the basic plane once', () => {
    expect(prodCodeOf('ABC', 'X😀Y')).toBe('ABC-X_Y');
  });

  it('ends in the number of those that came before', () => {
    expect(prodCodeOf('ABC', 'x1', 2)).toBe('ABC-X1-2');
  });

  it('takes 50 characters and refuses 51', () => {
    expect(prodCodeOf('ABCDE', 'x'.repeat(44))).toHaveLength(50);
    expect(() => prodCodeOf('ABCDE', 'x'.repeat(45))).toThrow(/has 51 characters; at most 50/);
  });

  it('tells the code of its maker', () => {
    expect(entityCodeOf(prodCodeOf('ABC', 'a-b', 1))).toBe('ABC');
  });
});

describe('a manufacturer’s name', () => {
  it('is the same in any case and spacing', () => {
    expect(manufacturerNameKeyOf(' Jinko\u00a0 SOLAR Co., Ltd\n')).toBe('jinko solar co., ltd');
  });

  it('keeps its punctuation', () => {
    expect(manufacturerNameKeyOf('WORLD4SOLAR,INC.')).not.toBe(
      manufacturerNameKeyOf('WORLD4SOLAR, INC.'),
    );
  });
});

describe('the code that a name yields', () => {
  it.each([
    ['Discover Energy Corp.', 'DISCO'],
    ['LG Energy Solution, Ltd.', 'LGENE'],
    ['e-ON Batteries Inc.', 'EONBA'],
    ['UL, LLC', 'UL'],
    ['Enerji Üretim San. A.Ş.', 'ENERJ'],
    ['Ürün Ltd', 'URUN'],
    ['Co Ltd', 'CO'],
  ])('of %j is %s', (name, code) => {
    expect(derivedEntityCodeOf(name)).toBe(code);
  });

  it('ends in a digit on a clash and stays a code', () => {
    expect([0, 1, 10, 100].map((attempt) => derivedEntityCodeOf('Discover', attempt))).toEqual([
      'DISCO',
      'DISCO1',
      'DISC10',
      'DIS100',
    ]);
  });

  it('is a code, or none where the name does not begin with letters, whatever it is', () => {
    const any = fc.string({ unit: 'binary' });
    const names = fc.oneof(
      any,
      any.map((name) => `ab${name}`),
    );
    fc.assert(
      fc.property(names, fc.nat(999), (name, attempt) => {
        const code = derivedEntityCodeOf(name, attempt);
        if (code !== null || name.startsWith('ab')) expect(code).toMatch(entityCodePattern);
      }),
    );
  });

  it('is none where the name has no Latin letters', () => {
    expect(derivedEntityCodeOf('比亚迪')).toBeNull();
  });
});
