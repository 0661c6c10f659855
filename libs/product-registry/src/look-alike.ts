import { visibleText } from '#kernel/plain-text.js';

// What looks the same to a person. Nothing of it is stored: keys and codes stay as `codes.ts` makes them.

/** Letters of other scripts that cannot be told from Latin ones in print: `from` and `to` go in pairs. */
const homoglyphs = new Map(
  zip('АВЕКМНОРСТУХЅІЈаеорсухѕіјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο', 'ABEKMHOPCTYXSIJaeopcyxsijABEZHIKMNOPTYXo'),
);

function zip(from: string, to: string): [string, string][] {
  const letters = Array.from(to);
  return Array.from(from).map((letter, index) => [letter, letters[index] ?? letter]);
}

const dashes = /[\p{Pd}\u2212\u02d7\u2043]/gu;
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/**
 * The spelling that a text most likely means: compatibility forms and letters of other scripts that
 * look like Latin ones folded, each dash a hyphen, without what shows nothing.
 */
export const plainSpellingOf = (text: string): string => {
  if (isAscii(text)) return text.trim();
  const folded = visibleText(text.replace(dashes, '-').normalize('NFKC')).replace(dashes, '-');
  return Array.from(folded, (letter) => homoglyphs.get(letter) ?? letter).join('');
};

/** What models that look the same to a person have in common: case and white space do not count either. */
export const lookAlikeKeyOf = (model: string): string =>
  plainSpellingOf(model).replace(/\s+/gu, '').toLowerCase().normalize('NFC');
