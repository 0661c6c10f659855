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

/** What a list says of its own date, and not of another one. */
const ownDate =
  /\b(?:updated?|changed|revised|revision|published|effective|current|generated|as of|as at|list date)\b/i;
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const monthName = `(?:${months.join('|')})[a-z]{0,6}\\.?`;
const written = [
  /(?<!\d)(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?!\d)/g,
  /(?<![\d.])(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})(?!\d)/g,
  new RegExp(
    `\\b(?<name>${monthName}) (?<day>\\d{1,2})(?:st|nd|rd|th)?,? (?<year>\\d{4})(?!\\d)`,
    'gi',
  ),
  new RegExp(
    `(?<!\\d)(?<day>\\d{1,2})(?:st|nd|rd|th)? (?<name>${monthName}),? (?<year>\\d{4})(?!\\d)`,
    'gi',
  ),
];

/**
 * The date that a list gives itself above its header, such as "Last updated: June 2, 2025". None where it
 * gives several, and none in slashes, in which day and month cannot be told apart.
 */
export const dateInNotes = (notes: readonly string[], now: string): string | undefined => {
  const found = notes
    .map((note) => note.slice(0, longestNote).replace(/\s+/gu, ' '))
    .filter((note) => ownDate.test(note))
    .flatMap(datesIn)
    .filter((date) => isDay(date) && date >= '1990' && isPast(date, now));
  const [first, ...others] = new Set(found);
  return others.length === 0 ? first : undefined;
};

const longestNote = 500;

const datesIn = (note: string): readonly string[] =>
  written.flatMap((pattern) =>
    [...note.matchAll(pattern)].map(({ groups = {} }) => {
      const { year = '', month = monthOf(groups['name']), day = '' } = groups;
      return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    }),
  );

const monthOf = (name = ''): string => String(months.indexOf(name.slice(0, 3).toLowerCase()) + 1);

/** Whether a day has begun anywhere on earth. */
export const isPast = (date: string, now: string): boolean =>
  Date.parse(date) <= Date.parse(now) + dayMs;
