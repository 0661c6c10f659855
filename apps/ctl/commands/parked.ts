import type { Command } from 'commander';

import { contextOf, segment } from '../context.js';
import { printJson, printTable, write } from '../output.js';

interface ParkedEvent {
  readonly id: string;
  readonly projection: string;
  readonly active: boolean;
  readonly stream: string;
  readonly revision: string;
  readonly type: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly parkedAt: string;
}

export function addParkedCommands(voltrace: Command): void {
  const parked = voltrace.command('parked').description('events that a projection could not apply');
  parked
    .command('list', { isDefault: true })
    .description('what is parked, and what waits behind it')
    .option('--projection <name>')
    .action(list);
  parked
    .command('retry')
    .description('try an event again, and those that wait behind it')
    .argument('<id>')
    .option('--reason <text>', 'why; kept with the event')
    .action(retry);
  parked
    .command('discard')
    .description('give an event up for good; those behind it are tried')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; kept with the event')
    .action(discard);
}

async function list(options: { projection?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const items: ParkedEvent[] = [];
  for await (const item of api.items<ParkedEvent>('/v1/parked', options)) items.push(item);
  if (json) return printJson({ items, nextCursor: null });
  await printTable(
    ['id', 'projection', 'stream', 'rev', 'type', 'attempts', 'parked at', 'error'],
    items.map((item) => [
      item.id,
      item.active ? item.projection : `${item.projection} (build)`,
      item.stream,
      item.revision,
      item.type,
      item.attempts,
      item.parkedAt,
      item.error?.slice(0, 200) ?? '(waits behind an earlier one)',
    ]),
  );
}

async function retry(id: string, options: { reason?: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const done = await api.post<object>(
    `/v1/parked/${segment(id)}/retry`,
    options.reason === undefined ? {} : { reason: options.reason },
  );
  await (json
    ? printJson(done)
    : write(`Parked event ${id} will be tried again. voltrace parked list shows what is left.\n`));
}

async function discard(id: string, options: { reason: string }, command: Command): Promise<void> {
  const { api, json } = contextOf(command);
  const done = await api.post<object>(`/v1/parked/${segment(id)}/discard`, {
    reason: options.reason,
  });
  await (json ? printJson(done) : write(`Parked event ${id} is given up.\n`));
}
