import { collapse } from './cell.js';

/** Which of the two numbers before the year is the day. Undefined where nothing tells. */
export type DayOrder = 'dayFirst' | 'monthFirst' | undefined;

/** `note`: what a person should know of how it was read. `unclear`: it is one of two dates. */
export type ReadDate =
  { readonly date: string; readonly note?: string } | { readonly unclear: string } | undefined;

const dotted = /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/;
const iso =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]00:?00)?)?$/;
/** Also in square brackets, as the agency writes some. */
const slashed =
  /^\[?(?<first>\d{1,2})\/(?<second>\d{1,2})\/(?<year>\d{4})\]?(?: \d{1,2}:\d{2}(?::\d{2})?(?: [AP]M)?)?$/i;
const unixTime = /^\d{9,10}(?:\d{3})?(?:\.0+)?$/;
/** Days since the end of 1899: 1970 to 2099 are five digits. */
const serial = /^\d{5}(?:\.\d+)?$/;
const serialOf1970 = 25_569;
const dayMs = 86_400_000;

/**
 * A calendar date as ISO 8601 (`YYYY-MM-DD`), from `dd.mm.yyyy`, `yyyy-mm-dd` with or without a time, two
 * slashes in the column's order, Unix seconds or milliseconds, and a spreadsheet's serial number.
 * Undefined for anything else, for a day that does not exist, and for a year outside 1970 to 2099.
 */
export const readDate = (raw: string, order: DayOrder): ReadDate => {
  const text = collapse(raw);
  const named = (dotted.exec(text) ?? iso.exec(text))?.groups;
  if (named) return dated(named['year'], named['month'], named['day']);
  const slashes = slashed.exec(text)?.groups;
  if (slashes) return ofSlashes(slashes['year'], slashes['first'], slashes['second'], order);
  if (unixTime.test(text)) {
    return ofTime(Number(text) * (Number(text) < 1e11 ? 1_000 : 1));
  }
  if (!serial.test(text)) return undefined;
  const read = ofTime((Math.floor(Number(text)) - serialOf1970) * dayMs);
  return read && { ...read, note: `is a spreadsheet's serial number, read as ${read.date}` };
};

const ofSlashes = (
  year: string | undefined,
  first: string | undefined,
  second: string | undefined,
  order: DayOrder,
): ReadDate => {
  const [monthFirst, dayFirst] = [dated(year, first, second), dated(year, second, first)];
  // A day of the column's other order is a slip, or another program's: it can be read all the same.
  const only = monthFirst && dayFirst ? undefined : (monthFirst ?? dayFirst);
  if (only || !monthFirst || !dayFirst) return only;
  if (monthFirst.date === dayFirst.date || order === 'monthFirst') return monthFirst;
  if (order === 'dayFirst') return dayFirst;
  return {
    unclear: `may be ${monthFirst.date} or ${dayFirst.date}: nothing in the column tells which`,
  };
};

const dated = (year = '', month = '', day = ''): { readonly date: string } | undefined => {
  const written = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const read = ofTime(Date.parse(written));
  return read?.date === written ? read : undefined;
};

const ofTime = (time: number): { readonly date: string } | undefined => {
  if (Number.isNaN(time)) return undefined;
  const date = new Date(time).toISOString().slice(0, 10);
  return date >= '1970' && date < '2100' ? { date } : undefined;
};
