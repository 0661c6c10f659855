import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isNegative, parseDate, parseDecimal, parseEfficiencies } from './values.js';

describe('decimals', () => {
  it('stay exactly as written', () => {
    expect(parseDecimal('5.40', '.')).toBe('5.40');
    expect(parseDecimal('305.5104', '.')).toBe('305.5104');
    expect(parseDecimal('5', '.')).toBe('5');
  });

  it('read a decimal comma where the file is written with one', () => {
    expect(parseDecimal('1,627', ',')).toBe('1.627');
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
        expect(parseDecimal(text, '.')).toBe(text);
        expect(parseDecimal(`${whole},${fraction}`, ',')).toBe(text);
      }),
    );
  });

  it('tell what is below zero', () => {
    const sign = (text: string) => {
      const number = parseDecimal(text, '.');
      return number !== undefined && isNegative(number);
    };
    expect([sign('0.00'), sign('-1'), sign('-0'), sign('+7')]).toEqual([false, true, false, false]);
  });
});

describe('dates', () => {
  it.each([
    ['21.07.2021', '2021-07-21'],
    ['1.2.2021', '2021-02-01'],
    ['2021-07-21', '2021-07-21'],
    ['2023-09-11 00:00:00', '2023-09-11'],
    ['2023-09-11T00:00:00Z', '2023-09-11'],
    ['7/21/2021', '2021-07-21'],
    ['[11/21/2022]', '2022-11-21'],
    ['1626825600', '2021-07-21'],
    ['1626825600000', '2021-07-21'],
    ['\u00a002.02.2026 ', '2026-02-02'],
    ['29.02.2024', '2024-02-29'],
  ])('read %j as %s', (raw, date) => {
    expect(parseDate(raw)).toBe(date);
  });

  it.each([
    '31.02.2024',
    '29.02.2023',
    '2021-13-01',
    '13/13/2021',
    '45000',
    'soon',
    '',
    '01.01.1066',
  ])('leave %j alone', (raw) => {
    expect(parseDate(raw)).toBeUndefined();
  });

  it('come out the same from every form', () => {
    const day = fc.date({
      min: new Date('1975-01-01'),
      max: new Date('2099-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(day, (date) => {
        const iso = date.toISOString().slice(0, 10);
        const [y = '', m = '', d = ''] = iso.split('-');
        const midnight = Date.parse(iso);
        for (const form of [
          `${d}.${m}.${y}`,
          iso,
          `${iso} 00:00:00`,
          `${m}/${d}/${y}`,
          String(midnight),
        ]) {
          expect(parseDate(form)).toBe(iso);
        }
      }),
    );
  });
});

describe('round-trip efficiencies', () => {
  it('are pairs of a percentage and an inverter', () => {
    expect(parseEfficiencies('98 [Sol-Ark 5K]\n98 [Sol-Ark 8K]    ')).toEqual([
      { percent: '98', inverter: 'Sol-Ark 5K' },
      { percent: '98', inverter: 'Sol-Ark 8K' },
    ]);
    expect(parseEfficiencies('81.04 [10-005025 ]')).toEqual([
      { percent: '81.04', inverter: '10-005025' },
    ]);
  });

  it('may name an inverter over two lines', () => {
    expect(parseEfficiencies('89 [Lion Hybrid \nInverter 12kW]')).toEqual([
      { percent: '89', inverter: 'Lion Hybrid Inverter 12kW' },
    ]);
  });

  it.each(['Inverter 12kW]', '89 [Sanctuary 3', '89', '[X]', '189 [X]', '0 [X]', '89 [ ]', ''])(
    'are not guessed from %j',
    (text) => {
      expect(parseEfficiencies(text)).toBeUndefined();
    },
  );

  it('do not take long on hostile text', () => {
    const started = performance.now();
    expect(parseEfficiencies(`${'9 '.repeat(4000)}[`)).toBeUndefined();
    expect(parseEfficiencies(`${'98 [x]\n'.repeat(1000)}98`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(200);
  });
});
