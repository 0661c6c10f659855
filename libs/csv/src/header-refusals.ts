import { Refusal } from '#kernel/refusal.js';

import { columnName, listed, NamedColumns, shown } from './column-names.js';
import type { Sighting } from './header-search.js';
import { type Layout, requiredOf, titleOf, type UnknownColumn } from './layout.js';

/** Of its required columns a file that looks like a list has so many at least, under whatever names. */
const leastShare = 0.6;

/** Words that columns of any list have, so that they tell nothing. */
const commonWords = new Set(
  'name number date maximum nameplate rate type of the a in and or for certification cec code product'.split(
    ' ',
  ),
);

/** A title of the file that seems to mean a column of the layout. */
interface Meant {
  readonly title: string;
  readonly column: string;
}

export const otherList = ({ list, by }: Sighting, layouts: readonly Layout[]): Refusal =>
  refusal(
    'OTHER_LIST',
    `the file looks like ${list.title} (${quoted([...new Set([...by.values()].map(shown))].slice(0, 5))}); expected ${expectedOf(layouts)}`,
  );

/**
 * Why a file without some required columns is refused: `COLUMN_MISSING` where it looks like the list all the
 * same, which titles were perhaps meant included, else `LAYOUT_UNKNOWN`.
 */
export const requiredMissing = (
  layout: Layout,
  missing: readonly string[],
  titles: readonly string[],
  unknown: readonly UnknownColumn[],
): Refusal => {
  const meant = meantOf(layout, missing, unknown);
  const required = requiredOf(layout).length;
  if (required - missing.length + meant.length < required * leastShare) {
    return refusal(
      'LAYOUT_UNKNOWN',
      `no known list looks like this: found ${listed(titles)}; expected ${expectedOf([layout])}`,
    );
  }
  const lacking = quoted(missing.map((name) => titleOf(layout, name)));
  const meaning = meant.map(
    ({ title, column }) => `"${shown(title)}" as "${titleOf(layout, column)}"`,
  );
  const hint = meaning.length > 0 ? `; perhaps meant are ${meaning.join(', ')}` : '';
  return refusal(
    'COLUMN_MISSING',
    `the file looks like ${layout.title}, but lacks ${lacking}; found ${listed(titles)}${hint}`,
  );
};

/** The refusal of a file none of whose first records names two columns of any layout. */
export const layoutUnknown = (
  layouts: readonly Layout[],
  records: readonly (readonly string[])[],
): Refusal => {
  for (const layout of layouts) {
    const columns = new NamedColumns(layout);
    for (const record of records) {
      const refused = lackingIn(layout, columns, record);
      if (refused.code === 'COLUMN_MISSING') return refused;
    }
  }
  const first = records.find((record) => record.some((cell) => cell.trim() !== '')) ?? [];
  return refusal(
    'LAYOUT_UNKNOWN',
    `no known list looks like this: found no header row in the first ${String(records.length)} rows; the first one is ${listed(first)}; expected ${expectedOf(layouts)}`,
  );
};

const lackingIn = (layout: Layout, columns: NamedColumns, record: readonly string[]): Refusal => {
  const named = record.map((title) => columns.columnOf(columnName(title)));
  const missing = requiredOf(layout).filter((name) => !named.includes(name));
  const unknown = record.flatMap((title, at) =>
    named[at] !== undefined || title.trim() === '' ? [] : [{ title, at }],
  );
  return requiredMissing(layout, missing, record, unknown);
};

const expectedOf = (layouts: readonly Layout[]): string =>
  layouts
    .map(
      (layout) =>
        `${layout.title} (${quoted(requiredOf(layout).map((name) => titleOf(layout, name)))})`,
    )
    .join(' or ');

const quoted = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(', ');

/** For each column the unknown title that shares most words with one of its names; each title once. */
const meantOf = (
  { columns }: Layout,
  missing: readonly string[],
  unknown: readonly UnknownColumn[],
): readonly Meant[] => {
  const left = unknown
    .slice(0, mostCompared)
    .map(({ title }) => ({ title, words: wordsOf(columnName(title)) }));
  return missing.flatMap((column) => {
    const names = (columns[column]?.names ?? []).map(wordsOf);
    let [best, most] = [-1, 0];
    for (const [at, { words }] of left.entries()) {
      const shared = Math.max(0, ...names.map((name) => sharedOf(name, words)));
      if (shared > most) [best, most] = [at, shared];
    }
    const [title] = best < 0 ? [] : left.splice(best, 1);
    return title ? [{ title: title.title, column }] : [];
  });
};

/** Titles that are compared word by word: a file of many is refused without. */
const mostCompared = 100;

const wordsOf = (name: string): ReadonlySet<string> =>
  new Set(name.split(/[^\p{Letter}\d]+/u).filter((word) => word !== '' && !commonWords.has(word)));

const sharedOf = (name: ReadonlySet<string>, words: ReadonlySet<string>): number => {
  let shared = 0;
  for (const word of name) if (words.has(word)) shared += 1;
  return shared;
};

const refusal = (code: string, message: string) => new Refusal(code, 'unprocessable', message);
