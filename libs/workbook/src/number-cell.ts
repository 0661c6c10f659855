import { format, isDateFormat } from 'numfmt';

import { general } from './number-formats.js';

/** What a cell that holds a number is read as, and how it stands in the workbook. */
export interface NumberCell {
  /** The shortest decimal that gives the stored number, without an exponent; a date as ISO 8601. */
  readonly text: string;
  readonly forms?: CellForms;
}

/** A cell whose text does not say how it looks and what is stored. */
export interface CellForms {
  /** As a spreadsheet shows it in English. */
  readonly displayed: string;
  /** As it stands in the file, such as `45727` or `8.1999999999999993`. */
  readonly stored: string;
  /** What its format asks for; `general` is the format of a cell that nobody has given one. */
  readonly kind: 'general' | 'number' | 'date';
}

/** The days that dates of the other system of Excel, from 1904 on, are ahead. */
const daysTo1904 = 1_462;
/** The day after 9999-12-31. */
const endOfDates = 2_958_466;
const dayMs = 86_400_000;

export const numberCell = (stored: string, pattern: string, isFrom1904: boolean): NumberCell => {
  const number = Number(stored);
  if (stored.trim() === '' || !Number.isFinite(number)) return { text: stored };
  const isGeneral = pattern === general || pattern === '@';
  const decimal = plainDecimal(number);
  // Most numbers are shown and stored as they are read.
  if (isGeneral && decimal === stored && decimal.length <= 10) return { text: decimal };
  if (!isGeneral && isDate(pattern)) return dateCell(stored, number, pattern, isFrom1904);
  const kind = isGeneral ? 'general' : 'number';
  return withForms(decimal, shownAs(pattern, number) ?? decimal, stored, kind);
};

/** Text that says the day, or the day and the time, which a cell of the type "date" holds. */
export const isoDateCell = (stored: string): NumberCell => {
  const text = stored.replace(/T00:00(?::00(?:\.0+)?)?Z?$/, '');
  return withForms(text, text, stored, 'date');
};

const dateCell = (
  stored: string,
  number: number,
  pattern: string,
  isFrom1904: boolean,
): NumberCell => {
  const serial = isFrom1904 ? number + daysTo1904 : number;
  const displayed = shownAs(pattern, serial) ?? stored;
  // Less than a day is a time, and beyond the calendar is no date whatever its format says.
  if (serial >= 0 && serial < 1) return withForms(displayed, displayed, stored, 'date');
  if (serial < 0 || serial >= endOfDates)
    return withForms(plainDecimal(number), displayed, stored, 'number');
  return withForms(isoOf(serial), displayed, stored, 'date');
};

/** Excel takes 1900 for a leap year: the days before the one that never was are one further on. */
const isoOf = (serial: number): string => {
  const seconds = Math.round(serial * 86_400);
  const day = Math.floor(seconds / 86_400);
  if (day === 60) return '1900-02-29';
  const start = Date.UTC(1899, 11, day < 60 ? 31 : 30);
  const iso = new Date(start + (day * dayMs + (seconds % 86_400) * 1_000)).toISOString();
  return seconds % 86_400 === 0 ? iso.slice(0, 10) : iso.slice(0, 19);
};

const withForms = (
  text: string,
  displayed: string,
  stored: string,
  kind: CellForms['kind'],
): NumberCell =>
  displayed === text && stored === text ? { text } : { text, forms: { displayed, stored, kind } };

const shownAs = (pattern: string, number: number): string | undefined => {
  try {
    return format(pattern, number);
  } catch {
    return undefined;
  }
};

const dateFormats = new Map<string, boolean>();

const isDate = (pattern: string): boolean => {
  const known = dateFormats.get(pattern);
  if (known !== undefined) return known;
  const found = asksForDate(pattern);
  // The patterns of hostile files are not kept for ever.
  if (dateFormats.size > 1_000) dateFormats.clear();
  dateFormats.set(pattern, found);
  return found;
};

const asksForDate = (pattern: string): boolean => {
  try {
    return isDateFormat(pattern);
  } catch {
    return false;
  }
};

/** The shortest decimal that gives the number back, written without an exponent. */
export const plainDecimal = (number: number): string => {
  const text = String(number);
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
};
