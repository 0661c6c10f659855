// Tab and line ends are text; other control characters and half surrogates cannot be stored or shown.
const controls = /(?![\t\n\r])\p{Cc}|\p{Surrogate}/u;

/** Whether a value is text of 1 to `maxLength` characters that can be stored. */
export const isPlainText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= maxLength &&
  !controls.test(value);

/** What shows nothing and only tells equal-looking texts apart: zero-width spaces, direction marks, fillers. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;

/** The text in NFC and trimmed, without what shows nothing. */
export const visibleText = (text: string): string =>
  text.normalize('NFC').replace(invisible, '').trim();
