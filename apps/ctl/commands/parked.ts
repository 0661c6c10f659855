import type { Command } from 'commander';

import { confirmed } from '../confirm.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes, usage } from '../exit-codes.js';
import { counted, printJson, printTable, write } from '../output.js';
import { ask, printAnswer, subscriptionNamed } from '../subscription-control.js';

interface ParkedEvent {
  readonly id: string;
  readonly subscription: string;
  readonly scope: string;
  readonly stream: string;
  readonly revision: string | null;
  readonly type: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly parkedAt: string;
}

export function addParkedCommands(voltrace: Command): void {
  const parked = voltrace.command('parked').description('events that could not be handled');
  parked
    .command('list', { isDefault: true })
    .description('what is parked, and what waits behind it')
    .option('--subscription <name>')
    .action(list);
  parked
    .command('retry')
    .description('handle an event and those that wait behind it again, or all of a subscription')
    .argument('[id]')
    .option('--subscription <name>', 'all of it, instead of one')
    .option('--reason <text>', 'why; kept with the request')
    .option('--yes', 'do not ask before all of them are handled again')
    .option('--no-wait', 'do not wait until it is carried out')
    .action(retry);
  parked
    .command('discard')
    .description('give an event up for good; those behind it are handled')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; kept with the request')
    .option('--no-wait', 'do not wait until it is carried out')
    .action(discard);
}

async function list(options: { subscription?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const items: ParkedEvent[] = [];
  for await (const item of api.items<ParkedEvent>('/v1/parked', options)) items.push(item);
  if (json) return printJson({ items, nextCursor: null });
  await printTable(
    ['id', 'subscription', 'scope', 'stream', 'rev', 'type', 'attempts', 'parked at', 'error'],
    items.map((item) => [
      ...[item.id, item.subscription, item.scope, item.stream, item.revision],
      item.type ?? '(undecodable)',
      ...[item.attempts, item.parkedAt],
      item.error?.slice(0, 200) ?? '(waits behind an earlier one)',
    ]),
  );
}

interface RetryOptions {
  readonly subscription?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly wait: boolean;
}

async function retry(
  id: string | undefined,
  { subscription, reason, yes, wait }: RetryOptions,
  command: Command,
): Promise<void> {
  if ((id === undefined) === (subscription === undefined)) {
    throw usage('Either the id of a parked event is expected, or --subscription.');
  }
  const path = id === undefined ? '/v1/parked/retry' : `/v1/parked/${segment(id)}/retry`;
  const body = { subscription, reason };
  const success = /^\d+ handled$/;
  if (subscription === undefined) {
    return printAnswer(command, await ask(command, { path, body, wait, success }));
  }
  const before = await subscriptionNamed(contextOf(command).api, subscription);
  if (yes !== true) {
    if (before.parked === 0) return write(`No event of ${subscription} is parked.\n`);
    const question = `Handle ${counted(before.parked, 'event')} of ${subscription} again?`;
    if (!(await confirmed(question))) {
      throw new CommandFailure('Nothing was changed.', exitCodes.failed);
    }
  }
  await printAnswer(command, await ask(command, { path, body, wait, success, before }));
}

async function discard(
  id: string,
  { reason, wait }: { readonly reason: string; readonly wait: boolean },
  command: Command,
): Promise<void> {
  const path = `/v1/parked/${segment(id)}/discard`;
  const success = /^discarded/;
  await printAnswer(command, await ask(command, { path, body: { reason }, wait, success }));
}
