import type { Command } from 'commander';

import { segment } from '../context.js';
import { type Done, post, reasonOption } from './post.js';

interface Reasoned {
  readonly reason: string;
}

const releaseOption = [
  '--release',
  'the former name was an error: the product is not found by it any more',
] as const;

const done =
  (idOrCode: string) =>
  ({ id, revision, position }: Done): string =>
    `${idOrCode}${idOrCode === id ? '' : ` (${id})`} is at revision ${revision} (position ${position}).`;

/** What a product is called, and products that are one. */
export function addProductIdentityCommands(products: Command): void {
  products
    .command('transfer')
    .description('give a product to another manufacturer; it stays the same product')
    .argument('<id|code>')
    .argument('<manufacturer>', 'id or name')
    .requiredOption('--from <date>', 'since when, such as 2025-07-01')
    .option(...releaseOption)
    .requiredOption(...reasonOption)
    .action(
      (
        product: string,
        manufacturer: string,
        options: Reasoned & { from: string; release?: true },
        command: Command,
      ) => send(command, product, 'transfer', { manufacturer, ...options }),
    );
  products
    .command('rename-model')
    .description('respell or rename the model of a product; it stays the same product')
    .argument('<id|code>')
    .argument('<model>')
    .option(...releaseOption)
    .requiredOption(...reasonOption)
    .action(
      (product: string, model: string, options: Reasoned & { release?: true }, command: Command) =>
        send(command, product, 'rename-model', { model, ...options }),
    );
  products
    .command('merge')
    .description('make a product another name of one that is registered too')
    .argument('<duplicate>', 'id or code')
    .argument('<survivor>', 'id or code of the product that answers for both')
    .requiredOption(...reasonOption)
    .action((product: string, into: string, options: Reasoned, command: Command) =>
      send(command, product, 'merge', { into, ...options }),
    );
  products
    .command('split')
    .description('undo a merger, while nothing else has changed since')
    .argument('<duplicate>', 'id or a code of the product that was merged')
    .requiredOption(...reasonOption)
    .action((product: string, options: Reasoned, command: Command) =>
      send(command, product, 'split', options),
    );
}

function send(command: Command, product: string, verb: string, body: object): Promise<void> {
  return post(command, `/v1/products/${segment(product)}/${verb}`, body, done(product));
}
