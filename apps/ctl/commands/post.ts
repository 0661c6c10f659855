import { type Command, InvalidArgumentError } from 'commander';

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

/** Of an option, which the message names. */
export const numberOf = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number))
    throw new InvalidArgumentError('Expected a number.');
  return number;
};

export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected JSON: ${(error as Error).message}`);
  }
};

/** `-5..10` as a range. */
export const rangeOf = (text: string): { min: number; max: number } => {
  const [, min, max] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  if (min === undefined || max === undefined) {
    throw usage(`"${text}" is no range; expected two numbers such as -5..10.`);
  }
  return { min: numberOf(min), max: numberOf(max) };
};

/** Of an option that may be given more than once. */
export const listOf = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];
