import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { follow } from '../live.js';
import { write } from '../output.js';
import { addArchiveCommands } from './archive.js';

interface EventOptions {
  readonly category?: string;
  readonly type?: string;
  readonly from?: string;
  readonly limit?: string;
  readonly follow?: boolean;
}

export function addEventCommands(voltrace: Command): void {
  const group = voltrace
    .command('events')
    .description(
      'replay the log as NDJSON; the last line is {"resumeFrom": <position>, "atEnd": true}, for --from',
    )
    .option('--category <names>', 'such as product,manufacturer')
    .option('--type <names>', 'such as ProductRegistered,ElementsSet')
    .option('--from <position>', 'go on after this position')
    .option('--limit <count>', 'events at most')
    .option('--follow', 'show what is appended from now on (or after --from), until interrupted')
    .action(events);
  addArchiveCommands(group);
}

async function events(options: EventOptions, command: Command): Promise<void> {
  const { api } = contextOf(command);
  const { category, type, from, limit } = options;
  if (options.follow === true) {
    if (limit !== undefined)
      throw new CommandFailure('--limit and --follow exclude each other', exitCodes.usage);
    const feed = follow(api, '/v1/events/live', { category, type }, from);
    for await (const event of feed) await write(`${event}\n`);
    return;
  }
  const query = { category, type, from, limit };
  let end = '';
  for await (const piece of api.stream('/v1/events', query, { accept: 'application/x-ndjson' })) {
    end = (end + piece).slice(-300);
    await write(piece);
  }
  if (!/"resumeFrom"[^\n]*\n?$/.test(end)) {
    throw new CommandFailure(
      'The replay broke off before its last line: it is not complete.',
      exitCodes.unreachable,
    );
  }
}
