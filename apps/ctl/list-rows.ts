import type { ApiClient } from './client.js';
import { usage } from './exit-codes.js';
import { printJson, write } from './output.js';

export const defaultLimit = 100;

export const limitOption = [
  '--limit <n>',
  `rows at most (${String(defaultLimit)} unless given)`,
] as const;

export interface ListOptions {
  /** As it was given; `defaultLimit` without it. */
  readonly limit?: string | undefined;
  readonly csv?: boolean | undefined;
}

export interface List<T> {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** Every one of them, in words: `every product`; of a list that has `--csv`. */
  readonly every?: string;
  readonly print: (items: readonly T[]) => Promise<void>;
}

/** The first rows of a list, and whether there are more; with `--csv` every one of them, as it comes. */
export async function listRows<T>(
  api: ApiClient,
  { path, query, json, every, print }: List<T>,
  { limit: limitText, csv }: ListOptions,
): Promise<void> {
  if (csv === true) {
    if (limitText !== undefined) throw usage(`--csv gives ${every ?? 'all'}: leave --limit out.`);
    const accept = { accept: 'text/csv' };
    for await (const piece of api.stream(path, { ...query, format: 'csv' }, accept)) {
      await write(piece);
    }
    return;
  }
  const limit = readLimit(limitText);
  const found: T[] = [];
  for await (const row of api.items<T>(path, query, limit + 1)) found.push(row);
  const items = found.slice(0, limit);
  const more = found.length > limit;
  if (json) return printJson({ items, more });
  await print(items);
  const all = every === undefined ? '' : `, --csv gives ${every}`;
  if (more) process.stderr.write(`There are more: a higher --limit shows them${all}.\n`);
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return defaultLimit;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw usage(`--limit is "${text}"; expected a number from 1 to 9999999.`);
}
