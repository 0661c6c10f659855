import { collapse } from './cell.js';

/**
 * A calendar date as ISO 8601 (`YYYY-MM-DD`), from the forms that exports of one list have:
 * `dd.mm.yyyy`, `yyyy-mm-dd` with or without a time, `m/d/yyyy` (also in square brackets) and Unix
 * seconds or milliseconds. Undefined for anything else, for a day that does not exist, and for a
 * year outside 1970 to 2099.
 */
export const parseDate = (raw: string): string | undefined => {
  const text = collapse(raw);
  return dotted(text) ?? iso(text) ?? slashed(text) ?? epoch(text);
};

const dotted = (text: string): string | undefined => {
  const found = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  return found ? calendar(found[3], found[2], found[1]) : undefined;
};

const iso = (text: string): string | undefined => {
  const found =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]00:?00)?)?$/.exec(
      text,
    );
  return found ? calendar(found[1], found[2], found[3]) : undefined;
};

const slashed = (text: string): string | undefined => {
  const found = /^\[?(\d{1,2})\/(\d{1,2})\/(\d{4})\]?$/.exec(text);
  return found ? calendar(found[3], found[1], found[2]) : undefined;
};

const epoch = (text: string): string | undefined => {
  if (!/^\d{9,10}(?:\d{3})?(?:\.0+)?$/.test(text)) return undefined;
  const number = Number(text);
  const time = new Date(number < 1e11 ? number * 1000 : number);
  return calendar(
    String(time.getUTCFullYear()),
    String(time.getUTCMonth() + 1),
    String(time.getUTCDate()),
  );
};

const calendar = (year = '', month = '', day = ''): string | undefined => {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (y < 1970 || y > 2099 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
};

const daysIn = (year: number, month: number): number => {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
};
