import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import type { ApiClient, Query } from '../client.js';
import { contextOf } from '../context.js';
import { CommandFailure, exitCodes } from '../exit-codes.js';
import { write } from '../output.js';

interface EventOptions {
  readonly category?: string;
  readonly type?: string;
  readonly from?: string;
  readonly limit?: string;
  readonly follow?: boolean;
}

export function addEventCommands(voltrace: Command): void {
  voltrace
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
}

async function events(options: EventOptions, command: Command): Promise<void> {
  const { api } = contextOf(command);
  const { category, type, from, limit } = options;
  if (options.follow === true) {
    if (limit !== undefined)
      throw new CommandFailure('--limit and --follow exclude each other', exitCodes.usage);
    return follow(api, { category, type }, from);
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

const reconnectMs = 1_000;

/** Goes on after the last event that was seen, however often the connection breaks. */
async function follow(api: ApiClient, filter: Query, from: string | undefined): Promise<void> {
  let seen = from;
  let connected = false;
  for (;;) {
    try {
      const feed = api.stream(
        '/v1/events/live',
        { ...filter, from: seen },
        { accept: 'text/event-stream' },
      );
      for await (const message of messagesOf(feed)) {
        connected = true;
        seen = message.id ?? seen;
        if (message.data !== undefined) await write(`${message.data}\n`);
      }
    } catch (error) {
      const passing = error instanceof CommandFailure && error.exitCode === exitCodes.unreachable;
      if (!passing || !connected) throw error;
      process.stderr.write(`${error.message} Trying again.\n`);
    }
    await sleep(reconnectMs);
  }
}

interface Message {
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** Server-sent events: fields line by line, a blank line ends one. Comments keep the connection alive. */
async function* messagesOf(pieces: AsyncIterable<string>): AsyncGenerator<Message> {
  let rest = '';
  for await (const piece of pieces) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield { id: fieldOf(block, 'id'), data: fieldOf(block, 'data') };
  }
}

function fieldOf(block: string, name: string): string | undefined {
  const line = block.split('\n').find((candidate) => candidate.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trimStart();
}
