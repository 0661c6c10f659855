import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inKilowattHours, inKilowatts, inMainUnit, mainUnitOf, sameAmount } from './amounts.js';
import { elementsByType } from './elements.js';

const element = (value: string, unit: string) => ({ value, unit });

describe('an amount', () => {
  it('is compared in kWh and kW, whatever unit it was written in', () => {
    expect(inKilowattHours(element('13.5', 'kWh'))).toBe('13.5');
    expect(inKilowattHours(element('5120', 'Wh'))).toBe('5.120');
    expect(inKilowattHours(element('2.5', 'MWh'))).toBe('2500');
    expect(inKilowatts(element('7', 'W'))).toBe('0.007');
    expect(inKilowatts(element('1.25', 'MW'))).toBe('1250');
  });

  it('is not compared where its unit is another kind of thing or it is no decimal', () => {
    expect(inKilowatts(element('5', 'kVA'))).toBeNull();
    expect(inKilowattHours(element('5', 'toString'))).toBeNull();
    expect(inKilowattHours(element('about 5', 'kWh'))).toBeNull();
    expect(inKilowattHours({ value: null, state: 'notSubmitted' })).toBeNull();
    expect(inKilowattHours(undefined)).toBeNull();
  });

  it('is converted exactly, and as it was written in its own unit', () => {
    expect(inMainUnit(element('5.120', 'kWh'), 'kWh')).toBe('5.120');
    expect(inMainUnit(element('2', 'ft'), 'mm')).toBe('609.6');
    expect(inMainUnit(element('10', 'lb'), 'kg')).toBe('4.53592370');
    expect(inMainUnit(element('300', 'K'), 'Cel')).toBe('26.85');
    expect(inMainUnit(element('0.5', 'K'), 'Cel')).toBe('-272.65');
    expect(inMainUnit(element('-40', 'F'), 'Cel')).toBeNull();
  });

  it('has a main unit for every decimal of the vocabulary, with a factor for its other units', () => {
    const decimals = Object.values(elementsByType)
      .flatMap((elements) => Object.values(elements))
      .filter((kind) => kind.kind === 'decimal');
    for (const kind of decimals) {
      const main = mainUnitOf(kind);
      for (const unit of kind.units.filter((other) => other !== 'F')) {
        expect([unit, inMainUnit(element('1', unit), main)]).not.toContain(null);
      }
    }
  });

  it.each([
    ['5120', 'Wh', '5.12', 'kWh', true],
    ['2500', 'W', '2.50', 'kW', true],
    ['300', 'K', '26.85', 'Cel', true],
    ['0', 'Wh', '0.0', 'MWh', true],
    ['5120', 'Wh', '5.13', 'kWh', false],
    ['5', 'kW', '5', 'kWh', false],
    ['-40', 'F', '-40', 'Cel', false],
  ])('of %s %s is the same as %s %s: %s', (a, unit, b, other, isSame) => {
    expect(sameAmount(element(a, unit), element(b, other))).toBe(isSame);
    expect(sameAmount(element(b, other), element(a, unit))).toBe(isSame);
  });

  it('keeps its exact value when the point moves', () => {
    const digits = fc.stringMatching(/^\d{1,20}$/);
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.boolean(),
        fc.constantFrom(...Object.entries({ Wh: -3, MWh: 3, GWh: 6, TWh: 9 })),
        (a, b, neg, [unit, by]) => {
          const sign = neg ? '-' : '';
          const found = inKilowattHours(element(`${sign}${a}.${b}`, unit)) ?? '';
          const [whole = '', fraction = ''] = found.split('.');
          // Both as integers in the smallest place that either has.
          const places = 40;
          const scaled = BigInt(whole + fraction.padEnd(places, '0'));
          const original = BigInt(`${sign}${a}${b.padEnd(places, '0')}`);
          const [left, right] =
            by < 0
              ? [scaled * 10n ** BigInt(-by), original]
              : [scaled, original * 10n ** BigInt(by)];
          expect(left).toBe(right);
        },
      ),
    );
  });
});
