import { visibleText } from '#kernel/plain-text.js';
import { Refusal } from '#kernel/refusal.js';

// Codes and equality keys. What is written here is part of the storage format: key streams and
// stored codes were made by these rules.

/** A name or id in a path or body. */
export const maxNameLength = 200;
/** Longest ProdCode that the Orange Button taxonomy allows. */
export const maxProdCodeLength = 50;
/** An EntityCode is two to six capital letters or digits. */
export const entityCodePattern = /^[A-Z0-9]{2,6}$/;

/** `\s` is Unicode white space here: it takes in the no-break space and the newline. */
const whitespace = /\s+/gu;

const tidy = (text: string): string => visibleText(text).replace(whitespace, ' ');

/**
 * Repeats a form until it changes nothing more. Once is not enough: without an invisible character
 * between them, a letter and its accent are one letter in NFC, and in lower case others are.
 */
const repeated =
  (form: (text: string) => string) =>
  (text: string): string => {
    const next = form(text);
    return next === text ? text : repeated(form)(next);
  };

const modelForm = (model: string): string =>
  visibleText(model).replace(/-\s+/gu, '-').replace(whitespace, ' ');
const nameKeyForm = (name: string): string => tidy(name).toLowerCase();

const different = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/**
 * The normal form of a model number: NFC, trimmed, no whitespace after a hyphen, other runs of
 * whitespace as one space. Case, `+` and `*` stay: they tell products apart.
 */
export const modelKeyOf = repeated(modelForm);

/**
 * The forms under which a product of that model may be registered, `modelKeyOf` first. The other one
 * is from before the form was repeated until it is stable: nothing is claimed under it any more.
 */
export const modelKeysOf = (model: string): readonly string[] =>
  different([modelKeyOf(model), modelForm(model)]);

/**
 * `EntityCode-MODEL`: each character of the normal form outside `A-Z a-z 0-9 _` becomes `_`, upper
 * case. `attempt` counts earlier products with the same code: 1 gives the suffix `-1`.
 *
 * Throws a `Refusal` (`PROD_CODE_TOO_LONG`) over 50 characters: nobody can shorten it by rule.
 */
export const prodCodeOf = (entityCode: string, modelKey: string, attempt = 0): string => {
  const modelPart = modelKey.replace(/[^A-Za-z0-9_]/gu, '_').toUpperCase();
  const code = `${entityCode}-${modelPart}${attempt === 0 ? '' : `-${String(attempt)}`}`;
  if (code.length <= maxProdCodeLength) return code;
  throw new Refusal(
    'PROD_CODE_TOO_LONG',
    'unprocessable',
    `the product code ${code} has ${String(code.length)} characters; at most ${String(maxProdCodeLength)} are allowed`,
    { errors: [{ pointer: '/model', reason: 'expected a model that fits into a product code' }] },
  );
};

/** The EntityCode that a ProdCode begins with. */
export const entityCodeOf = (prodCode: string): string => prodCode.slice(0, prodCode.indexOf('-'));

/** A manufacturer's name as it is kept: NFC, trimmed, runs of whitespace as one space. */
export const manufacturerNameOf = repeated(tidy);

/**
 * The form under which a manufacturer's name is unique: as kept, without regard to case.
 * Punctuation stays ("Co.,Ltd" and "Co., Ltd." are two names until somebody says otherwise).
 */
export const manufacturerNameKeyOf = repeated(nameKeyForm);

/** What is the same of two rows of a list that name one product. */
export const listedNameKeyOf = (name: {
  readonly manufacturer: string;
  readonly model: string;
}): string => `${manufacturerNameKeyOf(name.manufacturer)}\n${modelKeyOf(name.model)}`;

/** As `modelKeysOf`, for a name as somebody writes it. */
export const manufacturerNameKeysOf = (name: string): readonly string[] =>
  different([manufacturerNameKeyOf(name), nameKeyForm(name)]);

/** The forms of a name that a manufacturer has: what it was registered under is the kept name in lower case. */
export const heldNameKeysOf = (kept: string): readonly string[] =>
  different([manufacturerNameKeyOf(kept), kept.toLowerCase()]);

/** Words of a company's legal form, without points, that no code is made of. */
export const legalForms: ReadonlySet<string> = new Set(
  (
    'inc incorporated llc llp lp ltd limited co company corp corporation gmbh mbh ag kg kgaa sa sas sarl srl ' +
    'spa bv nv ab as oy oyj plc pte pty pvt private kk sdn bhd ltda'
  ).split(' '),
);

/**
 * The EntityCode that a name yields: its first five letters or digits, without legal forms, in
 * upper case. `attempt` counts earlier makers with the same letters: a clash ends in a digit
 * (`DISCE`, `DISCE1`). Null where the name has fewer than two Latin letters or digits.
 */
export const derivedEntityCodeOf = (name: string, attempt = 0): string | null => {
  const letters = distinctive(name).slice(0, 5);
  if (letters.length < 2) return null;
  if (attempt === 0) return letters;
  const suffix = String(attempt);
  return `${letters.slice(0, 6 - suffix.length)}${suffix}`;
};

/** Letters and digits of the name's words, legal forms left out unless one is the first word. */
const distinctive = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replaceAll('.', '')
    .split(/[^A-Za-z0-9]+/u)
    .filter((word) => word !== '')
    .filter((word, index) => index === 0 || !legalForms.has(word.toLowerCase()))
    .join('')
    .toUpperCase();
