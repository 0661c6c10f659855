import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { inKilowattHours, inKilowatts, shifted } from './amounts.js';

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

  it('keeps its exact value when the point moves', () => {
    const digits = fc.stringMatching(/^\d{1,20}$/);
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.boolean(),
        fc.integer({ min: -12, max: 12 }),
        (a, b, neg, by) => {
          const written = `${neg ? '-' : ''}${a}.${b}`;
          const [whole = '', fraction = ''] = (shifted(written, by) ?? '').split('.');
          // Both as integers in the smallest place that either has.
          const places = 40;
          const scaled = BigInt(whole + fraction.padEnd(places, '0'));
          const original = BigInt(`${neg ? '-' : ''}${a}${b.padEnd(places, '0')}`);
          const [left, right] =
            by < 0
              ? [scaled, original * 10n ** BigInt(-by)]
              : [scaled * 10n ** BigInt(by), original];
          expect(left).toBe(right);
        },
      ),
    );
  });
});
