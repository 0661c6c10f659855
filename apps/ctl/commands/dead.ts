import type { Command } from 'commander';

import { confirmed } from '../confirm.js';
import { carriedOut, consumerNamed, notYet, type Requested } from '../consumer-control.js';
import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { counted, printJson, printTable, write } from '../output.js';

interface DeadLetter {
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly type: string | null;
  readonly revision: string | null;
  readonly attempts: number;
  readonly error: string | null;
  readonly deadAt: string;
}

export function addDeadLetterCommands(voltrace: Command): void {
  const dead = voltrace.command('dead').description('facts that a consumer could not handle');
  dead
    .command('list', { isDefault: true })
    .description('the dead letters, and what waits behind them')
    .option('--consumer <name>')
    .action(list);
  dead
    .command('retry')
    .description('handle a dead letter and those of its stream again, or all of a consumer')
    .argument('<consumer>')
    .argument('[id]', 'all of the consumer unless given')
    .option('--reason <text>', 'why; kept with the event that says so')
    .option('--yes', 'do not ask before all of them are handled again')
    .option('--no-wait', 'do not wait until the consumer has done so')
    .action(retry);
  dead
    .command('discard')
    .description('give a dead letter up for good; what waits behind it is handled by a retry')
    .argument('<consumer>')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; kept with the event that says so')
    .option('--no-wait', 'do not wait until the consumer has done so')
    .action(discard);
}

async function list(options: { consumer?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const items: DeadLetter[] = [];
  for await (const item of api.items<DeadLetter>('/v1/fanout/dead', options)) items.push(item);
  if (json) return printJson({ items, nextCursor: null });
  await printTable(
    ['id', 'consumer', 'stream', 'rev', 'type', 'attempts', 'dead since', 'error'],
    items.map((item) => [
      item.id,
      item.consumer,
      item.type === null ? placeOf(item) : item.key,
      item.revision,
      item.type ?? '(no fact)',
      item.attempts,
      item.deadAt,
      item.error?.slice(0, 200) ?? '(waits behind an earlier one)',
    ]),
  );
}

/** Where a record lies that is no fact: its key may be anything. */
function placeOf({ topic, partition, offset }: DeadLetter): string {
  return `${topic}, partition ${partition}, offset ${offset}`;
}

async function discard(
  consumer: string,
  id: string,
  { reason, wait }: { readonly reason: string; readonly wait: boolean },
  command: Command,
): Promise<void> {
  const { api } = contextOf(command);
  const requested = await api.post<Requested>('/v1/fanout/dead/discard', { consumer, id, reason });
  await sayOutcome(command, consumer, requested, { wait, what: 'The discard' });
}

interface RetryOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly wait: boolean;
}

async function retry(
  consumer: string,
  id: string | undefined,
  { reason, yes, wait }: RetryOptions,
  command: Command,
): Promise<void> {
  const { api } = contextOf(command);
  if (id === undefined && yes !== true) {
    const { deadLetters } = await consumerNamed(api, consumer);
    if (deadLetters === 0) return write(`${consumer} has no dead letters.\n`);
    const question = `Handle ${counted(deadLetters, 'dead letter')} of ${consumer} again?`;
    if (!(await confirmed(question))) return write('Nothing was done.\n');
  }
  const requested = await api.post<Requested>('/v1/fanout/dead/retry', {
    consumer,
    ...(id !== undefined && { id }),
    ...(reason !== undefined && { reason }),
  });
  const outcome = await sayOutcome(command, consumer, requested, { wait, what: 'The retry' });
  if (outcome?.includes('again') === true) {
    throw new CommandFailure('voltrace dead list shows what is left, and why.', exitCodes.failed);
  }
}

/** Says what came of it, or that it has not been carried out yet. */
async function sayOutcome(
  command: Command,
  consumer: string,
  requested: Requested,
  { wait, what }: { readonly wait: boolean; readonly what: string },
): Promise<string | null> {
  const { api, json } = contextOf(command);
  const after = wait ? await carriedOut(api, requested) : undefined;
  const outcome = after?.control?.outcome ?? null;
  if (json) await printJson({ ...requested, outcome });
  else if (outcome !== null) await write(`${consumer}: ${outcome}.\n`);
  else await write(`${what} is recorded. ${notYet(await consumerNamed(api, consumer))}\n`);
  return outcome;
}
