import type { ValueType } from '../series/events.js';
import type { SampleValue } from './events.js';

const maxTextLength = 1_000;
/** Digits, and what stands between or behind them where people write numbers: `1,5`, `1 000`, `12 %`. */
const likeNumber = /^[+-]?[\d.,'_ ]*(?:e[+-]?\d+)?%?$/i;
/** What programs write for a number that they have not. */
const noNumber = /^(?:[+-]?(?:nan|inf|infinity)|#?n\/a|null)$/i;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** A control character, or half of a character, could not be kept or shown. */
const unkeepable = /[\p{Cc}\p{Cs}]/u;

/** Nothing was measured; an empty text says no more. */
export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || value === '';

/**
 * The type of the values of a series whose first one this is. One that is meant to be a number and is none makes no
 * series of texts: it is refused, and the next one shows what the series holds.
 */
export const typeShownBy = (first: unknown, parsesText: boolean): ValueType => {
  if (typeof first === 'boolean') return 'boolean';
  const text = String(first);
  const isMeant = parsesText && ((likeNumber.test(text) && /\d/.test(text)) || noNumber.test(text));
  return typeof first === 'number' || isMeant || isInexact(text) ? 'number' : 'text';
};

/** An integer that a double does not hold; of JSON it comes as a text. */
const isInexact = (text: string): boolean =>
  /^-?\d{16,}$/.test(text) && !Number.isSafeInteger(Number(text));

/** The value, or what was expected. */
export const valueOf = (
  value: unknown,
  type: ValueType,
  parsesText: boolean,
): { readonly value: SampleValue } | string => {
  switch (type) {
    case 'number':
      return numberOf(value, parsesText);
    case 'boolean':
      if (typeof value === 'boolean') return { value };
      if (parsesText && (value === 'true' || value === 'false')) return { value: value === 'true' };
      return 'expected true or false, as the series holds';
    case 'text':
      if (typeof value !== 'string') return 'expected a text, as the series holds';
      if (unkeepable.test(value)) return 'expected a text without control characters';
      return value.length <= maxTextLength
        ? { value }
        : `expected a text of at most ${String(maxTextLength)} characters`;
  }
};

const numberOf = (value: unknown, parsesText: boolean): { readonly value: number } | string => {
  if (typeof value === 'number') return Number.isFinite(value) ? { value: value + 0 } : finite;
  if (typeof value !== 'string') return 'expected a number, as the series holds';
  if (isInexact(value)) return exactExpected;
  if (!parsesText) return 'expected a number: text is read as one only where the mapping says so';
  if (!decimal.test(value)) return decimalExpected;
  const number = Number(value);
  return Number.isFinite(number) ? { value: number + 0 } : finite;
};

const orText = 'where these are texts, declare the series as text first';
const decimalExpected = `expected a number with a decimal point, such as -12.5 or 1e3; ${orText}`;
const exactExpected = `expected a number that is kept exactly: an integer beyond 2^53 is not; ${orText}`;
const finite = 'expected a finite number';
