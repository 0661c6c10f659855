/** In a regular expression with the `u` flag only a lone surrogate matches this. */
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Why Postgres could not store `text` (or UTF-8 not encode it); undefined where nothing is wrong.
 *
 * Both are refused at the edge: an event with such a text could be appended but never be projected.
 */
export const unstorable = (text: string): string | undefined => {
  if (text.includes('\0')) return 'contains a NUL character';
  if (loneSurrogate.test(text)) return 'contains half of a surrogate pair';
  return undefined;
};
