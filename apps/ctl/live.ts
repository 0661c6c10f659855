import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient, Query } from './client.js';
import { CommandFailure, exitCodes } from './exit-codes.js';

const reconnectMs = 1_000;

/**
 * The data of server-sent events until the caller ends; goes on after the last one that was seen, however
 * often the connection breaks.
 */
export async function* follow(
  api: ApiClient,
  path: string,
  filter: Query,
  from: string | undefined,
): AsyncGenerator<string> {
  let seen = from;
  let connected = false;
  for (;;) {
    try {
      const feed = api.stream(path, { ...filter, from: seen }, { accept: 'text/event-stream' });
      for await (const message of messagesOf(feed)) {
        connected = true;
        seen = message.id ?? seen;
        if (message.data !== undefined) yield message.data;
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
