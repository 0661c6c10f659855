import { type DecimalMark, type NumberShape, numberShapeOf } from '#csv/number-shape.js';

/** Digits before or after the point: more is not a rating but an accident. */
const maxDigits = 18;

/** What the other cells of a column say of its marks. */
export interface NumberColumn {
  /** Undefined where no cell tells. */
  readonly mark: DecimalMark | undefined;
  /** Some cells speak for the other mark. */
  readonly isMixed: boolean;
}

/** `unclear`: it is a number, but nobody can tell which. */
export type ReadNumber = { readonly value: string } | { readonly unclear: string } | undefined;

/**
 * Reads a decimal number as a string: a decimal comma becomes a point, marks between thousands go, and
 * everything else stays as written, so that `5.40` is not `5.4`. `1,200` is read as the column's other
 * cells are. Undefined for what is no number: exponents included, since `1,11E+18` is what a
 * spreadsheet leaves of a typo.
 */
export const readNumber = (text: string, { mark, isMixed }: NumberColumn): ReadNumber => {
  const [, sign = '', body = ''] = /^([-+\u2212]?)(.*)$/su.exec(text) ?? [];
  const shape = numberShapeOf(body);
  if (shape === undefined) return undefined;
  const decimalMark = markOf(shape);
  const isOfThree = shape === 'pointOfThree' || shape === 'commaOfThree';
  if (isOfThree && (mark === undefined || isMixed)) {
    const [a, b] = [plain(body, decimalMark), plain(body, undefined)];
    return { unclear: `may be ${b} or ${a}: nothing in the column tells which` };
  }
  if (!isOfThree && decimalMark !== undefined && mark !== undefined && decimalMark !== mark) {
    return undefined;
  }
  const read = plain(body, isOfThree && decimalMark !== mark ? undefined : decimalMark);
  const [whole = '', fraction = ''] = read.split('.');
  if (Math.max(whole.length, fraction.length) > maxDigits) return undefined;
  return { value: `${sign === '-' || sign === '\u2212' ? '-' : ''}${withoutNoise(read)}` };
};

const markOf = (shape: NumberShape): DecimalMark | undefined =>
  shape === 'whole' ? undefined : shape.startsWith('point') ? '.' : ',';

/** Without marks between thousands, and with a point for the decimal mark. */
const plain = (body: string, mark: DecimalMark | undefined): string => {
  // Where `1,200,000` says what the decimal mark would be, it has none.
  const at = mark === undefined ? -1 : body.lastIndexOf(mark);
  const [whole, fraction] = at < 0 ? [body, ''] : [body.slice(0, at), body.slice(at + 1)];
  const digits = whole.replace(/\D/gu, '');
  return fraction === '' ? digits : `${digits}.${fraction}`;
};

/** As many digits as every double can keep. */
const exactDigits = 15;

/**
 * `8.1999999999999993` is how a spreadsheet stores 8.2: the shortest decimal that is the same double.
 * A number that is no shorter in that form was written by somebody, and stays.
 */
const withoutNoise = (decimal: string): string => {
  const digits = decimal.replace('.', '').replace(/^0+/, '').length;
  if (digits <= exactDigits || !decimal.includes('.')) return decimal;
  const shortest = String(Number(decimal));
  const isPlain = /^\d+(?:\.\d+)?$/.test(shortest);
  return isPlain && shortest.replace('.', '').length <= exactDigits ? shortest : decimal;
};

/** A rating below zero is a slip; zero is what some manufacturers declare. */
export const isNegative = (decimal: string): boolean =>
  decimal.startsWith('-') && /[1-9]/.test(decimal);
