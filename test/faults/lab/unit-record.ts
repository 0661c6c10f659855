import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CyclerSamplesMessage, StepMessage } from '#cycling/protocol/messages.js';

/** What a simulated unit ever had to say, by what it keeps on its disk. */
export interface UnitRecord {
  readonly samples: readonly CyclerSamplesMessage[];
  readonly steps: readonly StepMessage[];
}

interface Entry {
  readonly session: string;
  readonly seq: number;
  readonly kind: string;
  readonly text: string;
}

export const readUnit = (folder: string): UnitRecord => {
  // One that is carried into a later segment is the same message.
  const entries = new Map<string, Entry>();
  for (const file of readdirSync(folder)
    .filter((name) => /^\d{10}\.ndjson$/.test(name))
    .sort()) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      for (const entry of messagesOf(line)) entries.set(`${entry.session}/${entry.seq}`, entry);
    }
  }
  const bodies = <T>(kind: string): T[] =>
    [...entries.values()]
      .filter((entry) => entry.kind === kind)
      .map(({ text }) => (JSON.parse(text) as { body: T }).body);
  return { samples: bodies('samples'), steps: bodies('steps') };
};

const messagesOf = (line: string): readonly Entry[] => {
  try {
    return (JSON.parse(line) as { messages: readonly Entry[] }).messages;
  } catch {
    // The end of the file, or a line that a loss of power cut off.
    return [];
  }
};
