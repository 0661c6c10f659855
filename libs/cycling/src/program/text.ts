import { Refusal } from '#kernel/refusal.js';

import type { Program, ProgramNode } from './program.js';
import { programErrors } from './validate.js';

/** Characters of a program that is written as text. */
const maxLength = 200_000;

/** Throws a `Refusal` (`PROGRAM_TEXT_INVALID`) that names the place, counted from 1, and what was expected there. */
export const unreadable = (line: number, column: number, expected: string): never => {
  const reason = `line ${String(line)}, column ${String(column)}: expected ${expected}`;
  throw new Refusal('PROGRAM_TEXT_INVALID', 'unprocessable', 'the program cannot be read', {
    ...{ line, column, expected, errors: [{ pointer: '/text', reason }] },
  });
};

export interface Line {
  readonly number: number;
  /** Without what follows `#`. */
  readonly text: string;
}

/** The lines that say something. */
export const linesOf = (text: string): readonly Line[] => {
  if (text.length > maxLength) unreadable(1, 1, `at most ${String(maxLength)} characters`);
  return text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ number: index + 1, text: (line.split('#')[0] ?? '').trimEnd() }))
    .filter((line) => line.text !== '');
};

/** The program of nodes that were read, each from its line, if it is one as a whole. */
export const asProgram = (
  steps: readonly ProgramNode[],
  lines: ReadonlyMap<ProgramNode, number>,
): Program => {
  const program: Program = { steps };
  const [error] = programErrors(program);
  if (!error) return program;
  let within = steps;
  let line = 1;
  for (const index of error.pointer.match(/\d+/g) ?? []) {
    const node = within[Number(index)];
    line = (node && lines.get(node)) ?? line;
    within = node && 'loop' in node ? node.loop : [];
  }
  return unreadable(line, 1, `${error.reason.replace(/^expected /, '')} (${error.pointer})`);
};
