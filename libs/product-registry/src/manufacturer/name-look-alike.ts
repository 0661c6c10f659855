import { legalForms } from '../codes.js';
import { plainSpellingOf } from '../look-alike.js';

// What looks the same to a person. Nothing of it is stored: keys and codes stay as `codes.ts` makes them.

/** Further ones, without strokes and accents too: codes that are stored were made without them. */
const forms = new Set([...legalForms, ...'ug ohg eurl bvba aps sro doo kft zrt tbk'.split(' ')]);

const chineseForms = /(?:股份)?有限(?:责任)?公司$/u;
const marks = /\p{Mark}/gu;
/** `S.p.A.` and `A/S`: letters of one word. */
const abbreviations = /(?<![\p{L}\p{N}])\p{L}(?:[./]\s?\p{L}(?![\p{L}\p{N}]))+\.?/gu;
const betweenWords = /[^\p{L}\p{N}]+/u;

/**
 * What names have in common that look like one manufacturer to a person: case, accents, punctuation and the words
 * of its legal form do not count, words such as "Solar" or "Energy" do. A first word is never a legal form.
 */
export const nameLookAlikeKeyOf = (name: string): string => {
  const plain = plainSpellingOf(name)
    .normalize('NFKD')
    .replace(marks, '')
    .toLowerCase()
    .replace(abbreviations, (letters) => letters.replace(/[^\p{L}]/gu, ''))
    .replaceAll('&', ' and ')
    .replace(/['’]/gu, '');
  const words = plain.split(betweenWords).filter((word) => word !== '');
  return words
    .filter((word, index) => index === 0 || !forms.has(word))
    .join(' ')
    .replace(chineseForms, '');
};
