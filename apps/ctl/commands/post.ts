import type { Command } from 'commander';

import { contextOf } from '../context.js';
import { usage } from '../exit-codes.js';
import { printJson, write } from '../output.js';

export interface Done {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}

export const reasonOption = ['--reason <text>', 'why; kept with the event'] as const;

/** Sends a command and says what came of it. */
export const post = async <T extends object = Done>(
  command: Command,
  path: string,
  body: object,
  said: (done: T) => string,
): Promise<void> => {
  const { api, json } = contextOf(command);
  const done = await api.post<T>(path, body);
  await (json ? printJson(done) : write(`${said(done)}\n`));
};

export const numberOf = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw usage(`"${text}" is no number.`);
  return number;
};
