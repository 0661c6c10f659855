/** Far more than any form takes with blanks around it. */
const MAX_LENGTH = 500;

const WHOLE = /^[0-9a-f]{32}$/;
const DASHED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ENCLOSED = /^(?:\{(.*)\}|\((.*)\))$/;
const HEXADECIMAL =
  /^\{0x([0-9a-f]{1,8}),0x([0-9a-f]{1,4}),0x([0-9a-f]{1,4}),\{((?:0x[0-9a-f]{1,2},){7}0x[0-9a-f]{1,2})\}\}$/;

/**
 * The dashed lower-case form of a UUID, or undefined when the text is none. Taken are the forms that a
 * real server takes: dashed, also in braces or parentheses, 32 digits, and numbers in braces
 * (`{0x..,0x..,0x..,{0x..,...}}`); with blanks around them.
 */
export const dashedUuid = (text: string): string | undefined => {
  if (text.length > MAX_LENGTH) return undefined;
  const trimmed = text.trim().toLowerCase();
  if (DASHED.test(trimmed)) return trimmed;
  if (WHOLE.test(trimmed)) return withDashes(trimmed);
  const enclosed = ENCLOSED.exec(trimmed);
  const inner = enclosed?.[1] ?? enclosed?.[2] ?? '';
  if (DASHED.test(inner)) return inner;
  return fromNumbers(trimmed.replace(/\s/g, ''));
};

/** The dashed form of 32 digits. */
export const withDashes = (digits: string): string =>
  digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const fromNumbers = (text: string): string | undefined => {
  const [, time = '', middle = '', high = '', bytes] = HEXADECIMAL.exec(text) ?? [];
  if (bytes === undefined) return undefined;
  const last = bytes.split(',').map((byte) => byte.slice(2).padStart(2, '0'));
  return withDashes(
    time.padStart(8, '0') + middle.padStart(4, '0') + high.padStart(4, '0') + last.join(''),
  );
};
