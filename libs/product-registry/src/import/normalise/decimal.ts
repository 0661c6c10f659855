import type { DecimalMark } from '#csv/csv-file.js';

/** A decimal as written, as a string: it never passes through a floating point number. */
export interface Decimal {
  readonly value: string;
  /** Digits after the point. */
  readonly decimals: number;
}

/** Digits before or after the point: more is not a rating but an accident. */
const maxDigits = 18;

/**
 * Reads a decimal number. A decimal comma becomes a point; everything else stays as written, so that
 * `5.40` is not `5.4`. Undefined for anything else: thousands separators and exponents included,
 * since nobody can tell `1,234` from 1.234 and `1,11E+18` is what a spreadsheet leaves of a typo.
 */
export const parseDecimal = (text: string, mark: DecimalMark): Decimal | undefined => {
  const pattern =
    mark === ',' ? /^([-+]?)(0|[1-9]\d*)(?:,(\d+))?$/ : /^([-+]?)(0|[1-9]\d*)(?:\.(\d+))?$/;
  const found = pattern.exec(text);
  if (!found) return undefined;
  const [, sign = '', whole = '', fraction] = found;
  if (Math.max(whole.length, fraction?.length ?? 0) > maxDigits) return undefined;
  const value = `${sign === '-' ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}`;
  return { value, decimals: fraction?.length ?? 0 };
};

/** A rating below zero is a slip; zero is what some makers declare. */
export const isNegative = ({ value }: Decimal): boolean =>
  value.startsWith('-') && /[1-9]/.test(value);
