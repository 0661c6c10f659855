import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type DayOrder, readDate } from './dates.js';

const dateOf = (text: string, order?: DayOrder): string | undefined => {
  const read = readDate(text, order);
  return read && 'date' in read ? read.date : undefined;
};

describe('a date', () => {
  it.each([
    ['21.07.2021', '2021-07-21'],
    ['1.2.2021', '2021-02-01'],
    ['2021-07-21', '2021-07-21'],
    ['2023-09-11 00:00:00', '2023-09-11'],
    ['2023-09-11T00:00:00Z', '2023-09-11'],
    ['7/21/2021', '2021-07-21'],
    ['21/7/2021', '2021-07-21'],
    ['[11/21/2022]', '2022-11-21'],
    ['5/5/2023', '2023-05-05'],
    ['1626825600', '2021-07-21'],
    ['1626825600000', '2021-07-21'],
    ['\u00a002.02.2026 ', '2026-02-02'],
    ['29.02.2024', '2024-02-29'],
    ['45727', '2025-03-11'],
    ['45727.5', '2025-03-11'],
  ])('%j is read as %s', (raw, date) => {
    expect(dateOf(raw)).toBe(date);
  });

  it.each([
    ...['31.02.2024', '29.02.2023', '2021-13-01', '13/13/2021', 'soon', '', '01.01.1066'],
    ...['12345', '99999', '457270', '31/02/2024'],
  ])('is not read from %j', (raw) => {
    expect(readDate(raw, 'dayFirst')).toBeUndefined();
  });

  it('has its day first or its month first as the column says, and is unclear where nothing does', () => {
    expect(dateOf('03/04/2025', 'dayFirst')).toBe('2025-04-03');
    expect(dateOf('03/04/2025', 'monthFirst')).toBe('2025-03-04');
    expect(readDate('03/04/2025', undefined)).toEqual({
      unclear: 'may be 2025-03-04 or 2025-04-03: nothing in the column tells which',
    });
  });

  it('is noted where it was a serial number', () => {
    expect(readDate('45727', undefined)).toHaveProperty('note');
  });

  it('comes out the same from every form', () => {
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
        for (const form of [`${d}.${m}.${y}`, iso, `${iso} 00:00:00`, String(midnight)]) {
          expect(dateOf(form)).toBe(iso);
        }
        expect(dateOf(`${m}/${d}/${y}`, 'monthFirst')).toBe(iso);
        expect(dateOf(`${d}/${m}/${y}`, 'dayFirst')).toBe(iso);
        expect(dateOf(String(midnight / 86_400_000 + 25_569))).toBe(iso);
      }),
    );
  });
});
