import type { Command } from 'commander';

import { answerTo, confirmed } from '../confirm.js';
import {
  carriedOut,
  type Consumer,
  consumerNamed,
  notYet,
  type Requested,
} from '../consumer-control.js';
import { contextOf, segment } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { counted, printFields, printJson, printTable, write } from '../output.js';

interface ResetPreview {
  readonly facts: number;
  readonly deadLetters: number;
  readonly forgets: string | null;
}

export function addConsumerCommands(voltrace: Command): void {
  const consumers = voltrace.command('consumers').description('who takes published facts');
  consumers
    .command('list', { isDefault: true })
    .description('how each consumer stands')
    .action(list);
  consumers
    .command('status')
    .description('how one consumer stands, partition by partition')
    .argument('<name>')
    .action(status);
  consumers
    .command('reset')
    .description('have facts delivered to a consumer again; says what that means, and asks')
    .argument('<name>')
    .requiredOption('--to <position|start>', 'facts after it are delivered again')
    .option('--reason <text>', 'why; kept with the event that says so')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'do not wait until the consumer has carried it out')
    .action(reset);
}

async function list(_options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const answer = await api.get<{ items: Consumer[] }>('/v1/fanout/consumers');
  if (json) return printJson(answer);
  await printTable(
    ['consumer', 'transport', 'state', 'lag s', 'pending', 'dead letters', 'reason'],
    answer.items.map((item) => [
      item.name,
      item.transport,
      item.state,
      item.lagSeconds,
      item.pending,
      item.deadLetters,
      item.reason,
    ]),
  );
}

async function status(name: string, _options: object, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const consumer = await consumerNamed(api, name);
  if (json) return printJson(consumer);
  const { control } = consumer;
  await printFields({
    consumer: consumer.name,
    transport: consumer.transport,
    state: consumer.state,
    reason: consumer.reason,
    'last sign of life': consumer.notedAt,
    'lag in seconds': consumer.lagSeconds,
    'dead letters': consumer.deadLetters,
    'last request': control && `${control.outcome} (${control.at})`,
  });
  await printTable(
    ['topic', 'partition', 'through', 'of', 'position', 'lag s', 'done', 'skipped', 'dead'],
    consumer.partitions.map((item) => [
      item.topic,
      item.partition,
      item.nextOffset,
      item.endOffset,
      item.position,
      item.lagSeconds,
      item.done,
      item.skipped,
      item.dead,
    ]),
  );
}

interface ResetOptions {
  readonly to: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly wait: boolean;
}

async function reset(name: string, options: ResetOptions, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const { to } = options;
  const path = `/v1/fanout/consumers/${segment(name)}`;
  const preview = await api.get<ResetPreview>(`${path}/reset-preview`, { to });
  process.stderr.write(meaningOf(name, to, preview));
  const reason =
    options.reason ??
    (await answerTo('Why? ', '--reason says why, and --yes goes on without asking'));
  if (options.yes !== true && !(await confirmed(`Reset ${name}?`))) {
    throw new CommandFailure('Nothing was changed.', exitCodes.failed);
  }
  const requested = await api.post<Requested>(`${path}/reset`, { to, reason });
  const consumer = options.wait ? await carriedOut(api, requested) : undefined;
  const outcome = consumer?.control?.outcome ?? null;
  if (json) await printJson({ ...preview, ...requested, outcome });
  if (outcome?.startsWith('refused') === true) {
    throw new CommandFailure(`${name} is left as it was, ${outcome}`, exitCodes.failed);
  }
  if (json) return;
  await write(
    consumer
      ? `${name} is reset, and ${factsOf(preview)} delivered to it again. voltrace consumers shows how far it is.\n`
      : `The reset is recorded. ${notYet(await consumerNamed(api, name))}\n`,
  );
}

function meaningOf(name: string, to: string, preview: ResetPreview): string {
  const from = to === 'start' ? 'from the first one on' : `after position ${to}`;
  const lines = [`${factsOf(preview)} to be delivered to ${name} again, ${from}.`];
  if (preview.forgets !== null) lines.push(`It forgets ${preview.forgets}.`);
  if (preview.deadLetters > 0) {
    const letters = counted(preview.deadLetters, 'dead letter');
    lines.push(`It forgets ${letters}: what was laid aside comes again.`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function factsOf({ facts }: ResetPreview): string {
  return facts === 1 ? '1 fact is' : `${facts} facts are`;
}
