import { isDay } from '#kernel/instant.js';

const dayMs = 86_400_000;

/**
 * The date in a file's name, such as `batteries-2026-02-11.csv`. None where it names several, or one that has
 * not come yet: a list of the future would silence each one until then.
 */
export const dateInName = (file: string, now: string): string | undefined => {
  const found = [...file.matchAll(/(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)/g)]
    .map(([, year, , month, day]) => `${String(year)}-${String(month)}-${String(day)}`)
    .filter((date) => isDay(date) && date >= '1990' && isPast(date, now));
  const [first, ...others] = new Set(found);
  return others.length === 0 ? first : undefined;
};

/** Whether a day has begun anywhere on earth. */
export const isPast = (date: string, now: string): boolean =>
  Date.parse(date) <= Date.parse(now) + dayMs;
