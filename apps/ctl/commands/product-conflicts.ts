import { Argument, type Command } from 'commander';

import { segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { type Done, post, reasonOption } from './post.js';

interface ResolveOptions {
  readonly list: string;
  readonly path: string;
  readonly value: string;
  readonly reason: string;
}

/** What a list and a person say differently of a product. */
export function addProductConflictCommands(products: Command): void {
  products
    .command('resolve-conflict')
    .description(
      'settle one value of a row that needs review: keep what stands, or take the list’s',
    )
    .argument('<id|code>')
    .addArgument(new Argument('<decision>').choices(['keep', 'take']))
    .requiredOption('--path <path>', 'such as /elements/EnergyCapacityNominal')
    .requiredOption(
      '--value <json>',
      `as the list says it, such as '{"value": "5.2", "unit": "kWh"}', '"2026-02-11"' or null`,
    )
    .option('--list <name>', 'the list', 'cec-batteries')
    .requiredOption(...reasonOption)
    .action(resolve);
}

function resolve(
  product: string,
  decision: string,
  { value, ...options }: ResolveOptions,
  command: Command,
): Promise<void> {
  const body = { decision, ...options, value: jsonOf(value) };
  const said = ({ revision, position }: Done): string =>
    `${product} is at revision ${revision} (position ${position}).`;
  return post(command, `/v1/products/${segment(product)}/resolve-conflict`, body, said);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFailure(`--value is not JSON: ${text}`, exitCodes.usage);
  }
}
