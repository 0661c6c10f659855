import { describe, expect, it } from 'vitest';

import { dateInName, dateInNotes, isPast } from './list-date.js';

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

describe('the date above the header of a list', () => {
  it.each([
    [['Battery List', 'Last updated: 2025-06-10'], '2025-06-10'],
    [['Data has not changed since June 2, 2025'], '2025-06-02'],
    [['Battery list as of Sept. 30th, 2025'], '2025-09-30'],
    [['REVISED  2 june  2025', 'updated 2.6.2025'], '2025-06-02'],
  ])('of %j is %s', (notes, date) => {
    expect(dateInNotes(notes, now)).toBe(date);
  });

  it.each([
    [['Battery List', '2025-06-10']],
    [['Certificates from before January 1, 2020 are left out']],
    [['Updated June 2, 2025', 'Updated June 3, 2025']],
    [['Updated 06/02/2025']],
    [['Updated February 30, 2025']],
    [['Updated June 2, 2026']],
    [[`Updated ${'x'.repeat(500)} June 2, 2025`]],
    [[]],
  ])('of %j is unknown', (notes) => {
    expect(dateInNotes(notes, now)).toBeUndefined();
  });
});
