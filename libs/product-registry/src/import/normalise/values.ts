import type { DecimalMark } from '#csv/csv-file.js';

import type { EfficiencyRating } from '../../product/events.js';
import { collapse, trimLines } from './cell.js';

/** Digits before or after the point: more is not a rating but an accident. */
const maxDigits = 18;

/**
 * Reads a decimal number as a string: it never passes through a floating point number. A decimal comma
 * becomes a point; everything else stays as written, so that `5.40` is not `5.4`. Undefined for
 * anything else: thousands separators and exponents included, since nobody can tell `1,234` from 1.234
 * and `1,11E+18` is what a spreadsheet leaves of a typo.
 */
export const parseDecimal = (text: string, mark: DecimalMark): string | undefined => {
  const pattern =
    mark === ',' ? /^([-+]?)(0|[1-9]\d*)(?:,(\d+))?$/ : /^([-+]?)(0|[1-9]\d*)(?:\.(\d+))?$/;
  const found = pattern.exec(text);
  if (!found) return undefined;
  const [, sign = '', whole = '', fraction] = found;
  if (Math.max(whole.length, fraction?.length ?? 0) > maxDigits) return undefined;
  return `${sign === '-' ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}`;
};

/** A rating below zero is a slip; zero is what some manufacturers declare. */
export const isNegative = (decimal: string): boolean =>
  decimal.startsWith('-') && /[1-9]/.test(decimal);

/** The forms that exports of one list have; the American one also in square brackets. */
const dateForms = [
  /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]00:?00)?)?$/,
  /^\[?(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})\]?$/,
];
const unixTime = /^\d{9,10}(?:\d{3})?(?:\.0+)?$/;

/**
 * A calendar date as ISO 8601 (`YYYY-MM-DD`), from `dd.mm.yyyy`, `yyyy-mm-dd` with or without a time,
 * `m/d/yyyy`, and Unix seconds or milliseconds. Undefined for anything else, for a day that does not
 * exist, and for a year outside 1970 to 2099.
 */
export const parseDate = (raw: string): string | undefined => {
  const text = collapse(raw);
  const form = dateForms.find((one) => one.test(text));
  if (!form && !unixTime.test(text)) return undefined;
  const { year = '', month = '', day = '' } = form?.exec(text)?.groups ?? {};
  const written = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const time = form ? Date.parse(written) : Number(text) * (Number(text) < 1e11 ? 1_000 : 1);
  const date = Number.isNaN(time) ? '' : new Date(time).toISOString().slice(0, 10);
  const isSame = !form || date === written;
  return isSame && date >= '1970' && date < '2100' ? date : undefined;
};

/**
 * Reads a round-trip efficiency cell: pairs of a percentage and, in square brackets, the inverter it
 * was measured with, which may span lines. The whole cell must read: a cell that was cut off or
 * split over rows by the exporter is undefined, and nothing is joined across rows or guessed.
 */
export const parseEfficiencies = (raw: string): readonly EfficiencyRating[] | undefined => {
  const text = trimLines(raw);
  const pair = /\s*(\d{1,3}(?:\.\d{1,6})?)\s?%?\s*\[([^[\]]+)\]\s*[,;]?/y;
  const ratings: EfficiencyRating[] = [];
  while (pair.lastIndex < text.length) {
    const [, percent = '', name = ''] = pair.exec(text) ?? [];
    const inverter = collapse(name);
    if (inverter === '' || !isPercent(percent)) return undefined;
    ratings.push({ percent, inverter });
  }
  return ratings.length > 0 ? ratings : undefined;
};

const isPercent = (text: string): boolean => Number(text) > 0 && Number(text) <= 100;
