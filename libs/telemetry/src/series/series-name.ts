import { Refusal } from '#kernel/refusal.js';

const maxLength = 200;
/** A control character, or half of a character, could not be kept or shown; commas stand between names where series are read. */
const unusable = /[\p{Cc}\p{Cs},]/u;

const expectation = `expected the name of a series of 1 to ${String(maxLength)} characters without a comma`;

/** What is wrong with the name, if anything is. */
export const wrongSeriesName = (series: string): string | undefined =>
  series === '' || series.length > maxLength || unusable.test(series) ? expectation : undefined;

/** Throws `SERIES_NAME_INVALID`. */
export const requireSeriesName = (series: string, pointer: string): void => {
  const reason = wrongSeriesName(series);
  if (reason === undefined) return;
  throw new Refusal(
    'SERIES_NAME_INVALID',
    'unprocessable',
    `"${series.slice(0, maxLength)}" could not be read as a series`,
    { errors: [{ pointer, reason }] },
  );
};
