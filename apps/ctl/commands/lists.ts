import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { usage } from '../exit-codes.js';
import { importIdOf } from '../import-id.js';
import { type Comparison, printComparison } from '../list-comparison.js';
import { printJson, write } from '../output.js';

interface CompareOptions {
  readonly kind?: string;
  readonly limit?: string;
  readonly csv?: boolean;
}

const defaultLimit = 100;

const kindsHelp = `
A product that a list names is one of these:
  new          only the later list names it
  gone         only the earlier list names it
  transferred  another manufacturer has the model, with equal values
  renamed      under a similar name of the manufacturer, or a model that only looks different
  edited       a fact differs, of the same manufacturer and model
  relabelled   only words differ, which mean the same
  same         nothing differs
"relabelled, too" counts transferred, renamed and edited ones with other words besides, "edited, too" those
of the transferred and renamed ones of which facts differ besides.
`;

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
    .addHelpText('after', kindsHelp)
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
