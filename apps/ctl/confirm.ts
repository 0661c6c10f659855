import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

import { CommandFailure, exitCodes } from './exit-codes.js';

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** Questions go beside the output of a command, which may be read by a program. */
const ownTerminal: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Asks somebody at a terminal; anything but yes is no. Throws `CommandFailure` where nobody can answer:
 * a program that means it says `--yes`.
 */
export async function confirmed(question: string, terminal = ownTerminal): Promise<boolean> {
  const instead = '--yes goes on without asking';
  return /^(y|yes)$/i.test(await answerTo(`${question} [y/N] `, instead, terminal));
}

/** What somebody at a terminal answers. Throws `CommandFailure` where nobody can; `instead` says what helps. */
export async function answerTo(
  prompt: string,
  instead: string,
  { input, output }: Terminal = ownTerminal,
): Promise<string> {
  if (input.isTTY !== true) {
    throw new CommandFailure(
      `Nobody can be asked here, as the input is no terminal: ${instead}.`,
      exitCodes.usage,
    );
  }
  const line = createInterface({ input, output });
  // Where the input ends, nothing was answered.
  const closed = new Promise<string>((resolve) => line.once('close', () => resolve('')));
  try {
    return (await Promise.race([line.question(prompt), closed])).trim();
  } finally {
    line.close();
  }
}
