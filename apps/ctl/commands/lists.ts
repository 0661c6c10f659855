import type { Command } from 'commander';

import type { ApiClient } from '../client.js';
import { contextOf, segment } from '../context.js';
import { usage } from '../exit-codes.js';
import { type Comparison, printComparison } from '../list-comparison.js';
import { printJson, write } from '../output.js';

interface CompareOptions {
  readonly kind?: string;
  readonly limit?: string;
  readonly csv?: boolean;
}

const defaultLimit = 100;

export function addListCommands(voltrace: Command): void {
  voltrace
    .command('lists')
    .description('published lists beside each other')
    .command('compare')
    .description('what became of the products of one imported list in a later one')
    .argument('<earlier>', 'id of its import, or its beginning (voltrace import list)')
    .argument('<later>', 'id of its import, or its beginning')
    .option('--kind <kinds>', 'only new, transferred, renamed, relabelled, edited, gone')
    .option('--limit <n>', `products at most (${String(defaultLimit)} unless given)`)
    .option('--csv', 'every difference, one line for each field')
    .action(compare);
}

async function compare(
  earlier: string,
  later: string,
  { kind, limit, csv }: CompareOptions,
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const [before, after] = [await importIdOf(api, earlier), await importIdOf(api, later)];
  const path = `/v1/imports/${segment(before)}/compare/${segment(after)}`;
  if (csv === true) {
    if (limit !== undefined) throw usage('--csv gives every difference: leave --limit out.');
    const accept = { accept: 'text/csv' };
    for await (const piece of api.stream(path, { kind, format: 'csv' }, accept)) await write(piece);
    return;
  }
  const found = await api.get<Comparison>(path, { kind, limit: limit ?? defaultLimit });
  await (json ? printJson(found) : printComparison(found));
  if (found.more > 0) {
    const more = `There are ${String(found.more)} more: a higher --limit shows them, --csv gives every difference.`;
    process.stderr.write(`${more}\n`);
  }
}

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const shortestStart = 4;

/** The id of an import that is given by its id or the beginning of it. */
async function importIdOf(api: ApiClient, given: string): Promise<string> {
  const start = given.toLowerCase();
  if (wholeId.test(start)) return start;
  if (start.length < shortestStart) {
    throw usage(
      `"${given}" is no import: give at least ${String(shortestStart)} characters of its id.`,
    );
  }
  const found: string[] = [];
  for await (const { id } of api.items<{ readonly id: string }>('/v1/imports', {}, 10_000)) {
    if (id.startsWith(start)) found.push(id);
  }
  const [id, ...others] = found;
  if (id === undefined) throw usage(`There is no import ${given}: voltrace import list has them.`);
  if (others.length > 0) throw usage(`${given} may be any of ${found.slice(0, 5).join(', ')}.`);
  return id;
}
