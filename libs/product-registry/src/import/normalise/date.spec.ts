import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseDate } from './date.js';

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
