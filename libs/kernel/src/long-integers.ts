const literal = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/**
 * The JSON text with every integer that a double cannot hold exactly made a text of its digits: parsed,
 * it would be another number. Whoever expects a number then refuses it, instead of rounding it in silence.
 */
export const quoteLongIntegers = (json: string): string =>
  /\d{16}/.test(json)
    ? json.replace(literal, (found, offset: number) =>
        found.startsWith('"') || isFraction(json, offset) || isExact(found) ? found : `"${found}"`,
      )
    : json;

/** Digits behind a decimal point or an exponent belong to a number that is meant to be rounded. */
const isFraction = (json: string, offset: number): boolean =>
  /[.eE+]/.test(json.charAt(offset - 1));

const isExact = (digits: string): boolean => BigInt(digits) === BigInt(Number(digits));
