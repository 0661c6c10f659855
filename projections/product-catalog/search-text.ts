/** Text as it is searched: one form for what looks alike, without regard to case, white space as one space. */
export const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

/** What is searched of a thing, one line per field: no word spans two of them. */
export const searchTextOf = (fields: readonly (string | null | undefined)[]): string =>
  fields
    .filter((field) => field !== null && field !== undefined && field !== '')
    .map((field) => folded(field ?? ''))
    .join('\n');

/** The words of a search; each must occur somewhere. */
export const searchWords = (query: string): readonly string[] => [
  ...new Set(folded(query).split(' ').filter(Boolean)),
];

/** A `like` pattern for rows that contain `word`, whatever characters it has. */
export const containing = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;
