import { describe, expect, it } from 'vitest';

import { dateInName, isPast } from './list-date.js';

const now = '2026-03-01T12:00:00.000Z';

describe('the date in the name of a list', () => {
  it.each([
    ['cec-batteries-2026-02-11.csv', '2026-02-11'],
    ['Battery_List_20250610.xlsx', '2025-06-10'],
    ['2025_06_10 batteries 2025-06-10.csv', '2025-06-10'],
  ])('of %s is %s', (file, date) => {
    expect(dateInName(file, now)).toBe(date);
  });

  it.each([
    'batteries.csv',
    '2025-06-10 to 2026-02-11.csv',
    'batteries-2026-02-30.csv',
    'batteries-2027-01-01.csv',
    'serial-120260211.csv',
    '',
  ])('of "%s" is unknown', (file) => {
    expect(dateInName(file, now)).toBeUndefined();
  });

  it('has come where the day has begun somewhere', () => {
    expect([isPast('2026-03-02', now), isPast('2026-03-03', now)]).toEqual([true, false]);
  });
});
