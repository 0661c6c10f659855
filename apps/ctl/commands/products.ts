import { type Command, Option } from 'commander';

import { contextOf, segment } from '../context.js';
import { elementArgumentsHelp, readElementArguments } from '../element-arguments.js';
import { usage } from '../exit-codes.js';
import { defaultLimit, listRows } from '../list-rows.js';
import { brief, printJson, printTable, write } from '../output.js';
import { type HistoryItem, printHistory, printProduct, type Product } from '../product-output.js';
import { addProductConflictCommands } from './product-conflicts.js';
import { addProductIdentityCommands } from './product-identity.js';

interface FindOptions {
  readonly q?: string;
  readonly type?: string;
  readonly manufacturer?: string;
  readonly chemistry?: string;
  readonly capacityMin?: string;
  readonly capacityMax?: string;
  readonly powerMin?: string;
  readonly powerMax?: string;
  readonly sort?: string;
  readonly limit?: string;
  readonly csv?: boolean;
}

export function addProductCommands(voltrace: Command): void {
  const products = voltrace.command('products').description('the product registry');
  products
    .command('find')
    .description('search products')
    .argument(
      '[words...]',
      'each found in code, model, type, description or the name of the manufacturer',
    )
    .addOption(new Option('--q <words>', 'the same as an option'))
    .option('--type <type>', 'such as ProdBattery')
    .option('--manufacturer <name>', 'id, code or name')
    .option('--chemistry <name>', 'such as LiFePO4')
    .option('--capacity-min <kWh>')
    .option('--capacity-max <kWh>')
    .option('--power-min <kW>')
    .option('--power-max <kW>')
    .option(
      '--sort <key>',
      'code, model, manufacturer, type, chemistry, capacity, power, changed; -capacity turns it round',
    )
    .option('--limit <count>', `products at most (${defaultLimit} unless given)`)
    .option('--csv', 'every product found, as CSV with units in the column names')
    .action(find);
  products
    .command('show')
    .description('one product, now or as it was recorded at some time')
    .argument('<id|code>')
    .option('--as-of <time>', 'ISO 8601 with zone, or @position')
    .action(show);
  products
    .command('history')
    .description('who changed what, when, why and on which evidence')
    .argument('<id|code>')
    .action(history);
  products
    .command('set')
    .description('set elements of a product')
    .argument('<id|code>')
    .argument('<element=value...>')
    .requiredOption('--reason <text>', 'why; kept with the event')
    .option('--if-revision <number>', 'only if the product is still at this revision')
    .addHelpText('after', elementArgumentsHelp)
    .action(set);
  addProductIdentityCommands(products);
  addProductConflictCommands(products);
}

async function find(words: string[], options: FindOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const { csv, limit, q, ...filter } = options;
  const searched = [...words, ...(q === undefined ? [] : [q])].join(' ');
  const query = { ...filter, q: searched === '' ? undefined : searched };
  await listRows<Product>(
    api,
    { path: '/v1/products', query, json, every: 'every product', print },
    { limit, csv },
  );
}

function print(items: readonly Product[]): Promise<void> {
  return printTable(
    ['code', 'manufacturer', 'model', 'chemistry', 'capacity', 'power'],
    items.map(({ code, id, manufacturer, model, elements }) => [
      code ?? id,
      manufacturer.name,
      model,
      brief(elements['BatteryChemistryType']?.value),
      amount(elements['EnergyCapacityNominal']),
      amount(elements['PowerDCContinuousMax']),
    ]),
  );
}

function amount(element: Product['elements'][string] | undefined): string {
  return element ? [brief(element.value), element.unit ?? ''].join(' ').trim() : '';
}

async function show(idOrCode: string, options: { asOf?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const product = await api.get<Product>(`/v1/products/${segment(idOrCode)}`, {
    asOf: options.asOf,
  });
  await (json ? printJson(product) : printProduct(product));
}

async function history(idOrCode: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const items: HistoryItem[] = [];
  for await (const item of api.items<HistoryItem>(`/v1/products/${segment(idOrCode)}/history`, {}))
    items.push(item);
  await (json ? printJson({ items, nextCursor: null }) : printHistory(items));
}

async function set(
  idOrCode: string,
  texts: string[],
  options: { reason: string; ifRevision?: string },
  command: Command,
): Promise<void> {
  const { api, json } = contextOf(command);
  const elements = readElementArguments(texts);
  const { ifRevision, reason } = options;
  if (ifRevision !== undefined && !/^\d{1,15}$/.test(ifRevision)) {
    throw usage(`--if-revision is "${ifRevision}"; expected a number`);
  }
  const { id } = await api.get<Product>(`/v1/products/${segment(idOrCode)}`);
  const headers: Record<string, string> =
    ifRevision === undefined ? {} : { 'if-match': `"${ifRevision}"` };
  const done = await api.post<Written>(
    `/v1/products/${id}/set-elements`,
    { elements, reason },
    headers,
  );
  if (json) return printJson(done);
  await write(`${idOrCode} is at revision ${done.revision} (position ${done.position}).\n`);
}

interface Written {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}
