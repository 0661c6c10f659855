import { foreignLettersOf, plainSpellingOf } from '../../look-alike.js';
import { collapse } from './cell.js';

/** What a program did to a name or model, and what was there before, where that can be told. */
export interface Damage {
  readonly reason: string;
  /** Null where nobody can tell. */
  readonly meant: string | null;
}

/** What is wrong with the text of a maker's name or a model; undefined where nothing shows. */
export const damageOf = (text: string, column: 'manufacturer' | 'model'): Damage | undefined =>
  lostCharacters(text, column) ??
  otherCodePage(text) ??
  foreignLetters(text) ??
  (column === 'model' ? madeBySpreadsheet(text) : undefined);

/** In a model a question mark is odd wherever it touches anything, in a name where it touches a letter. */
const lostMarks = {
  manufacturer: /[\p{Letter}\p{Number}]\?|\?[\p{Letter}\p{Number}]/u,
  model: /\S\?|\?\S/u,
};

const lostCharacters = (text: string, column: keyof typeof lostMarks): Damage | undefined => {
  if (text.includes('\ufffd')) {
    return { reason: 'holds characters that could not be decoded', meant: null };
  }
  if (lostMarks[column].test(text)) {
    return { reason: 'holds a question mark where a character may be lost', meant: null };
  }
  return undefined;
};

const otherCodePage = (text: string): Damage | undefined => {
  const meant = decodedAgain(text);
  if (meant === undefined) return undefined;
  return { reason: `is "${meant}" read in another code page`, meant };
};

const foreignLetters = (text: string): Damage | undefined => {
  const letters = foreignLettersOf(text);
  if (letters.length === 0) return undefined;
  const meant = plainSpellingOf(text);
  const named = letters.map((letter) => `${letter} (${codePoint(letter)})`).join(', ');
  return { reason: `looks like "${meant}", but ${named} is no Latin letter`, meant };
};

const codePoint = (letter: string): string =>
  `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

const shortenedNumber = /^\d(?:[.,]\d+)?E\+\d{1,3}$/i;
const months = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';
const dates: readonly RegExp[] = [
  new RegExp(`^\\d{1,2}-${months}(?:-\\d{2,4})?$`, 'i'),
  new RegExp(`^${months}-\\d{2,4}$`, 'i'),
  /^\d{1,2}\/\d{1,2}\/\d{4}(?: \d{1,2}:\d{2}(?::\d{2})?)?$/,
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?$/,
];

const madeBySpreadsheet = (text: string): Damage | undefined => {
  const trimmed = collapse(text);
  if (shortenedNumber.test(trimmed)) {
    return { reason: 'looks like a number that a spreadsheet shortened', meant: null };
  }
  if (dates.some((form) => form.test(trimmed))) {
    return { reason: 'looks like a date that a spreadsheet made of a model', meant: null };
  }
  return undefined;
};

/** Bytes 0x80 to 0x9F in windows-1252; the five that it leaves out stand for themselves. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Scripts that no list was seen in: what decodes to them is a coincidence, such as `ß°`. */
const unlikely =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Common}\p{Script=Inherited}]/u;

/** How often a text is read anew: some was read in the wrong code page twice. */
const maxRounds = 3;

/** The text that was UTF-8 and was read as windows-1252 or Latin-1; undefined where it was not. */
export const decodedAgain = (text: string): string | undefined => {
  let current = text;
  for (let round = 0; round < maxRounds; round += 1) {
    const bytes = bytesOf(current);
    const next = bytes && decoded(bytes);
    if (next === undefined || unlikely.test(next)) break;
    current = next;
  }
  return current === text ? undefined : current;
};

/** Undefined where the text is ASCII, or has characters that no byte is. */
const bytesOf = (text: string): Uint8Array | undefined => {
  if (!/[\u0080-\u{10ffff}]/u.test(text)) return undefined;
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const at = windows1252.indexOf(character);
    if (code > 0xff && at < 0) return undefined;
    bytes.push(at < 0 ? code : 0x80 + at);
  }
  return Uint8Array.from(bytes);
};

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
