import Table from 'cli-table3';

/** Whoever reads our output may have seen enough: `voltrace events | head`. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Writes a line (or part of one) and waits while the reader is slower than we are. */
export async function write(text: string | Uint8Array): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise((resolve) => process.stdout.once('drain', resolve));
}

export function printJson(value: unknown): Promise<void> {
  return write(`${JSON.stringify(value, null, 2)}\n`);
}

export type Cell = string | number | boolean | null | undefined;

const widestColumn = 60;

/** A table for people; long texts are wrapped, nothing is cut off. */
export async function printTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  if (rows.length === 0) return write('Nothing found.\n');
  const cells = rows.map((row) => row.map((cell) => wrapped(shown(cell))));
  const oneLiners = !cells.flat().some((cell) => cell.includes('\n'));
  const table = new Table({
    head: [...head],
    style: process.stdout.isTTY ? { head: ['cyan'] } : { head: [], border: [] },
    ...(oneLiners && { chars: noLinesBetweenRows }),
  });
  table.push(...cells);
  await write(`${table.toString()}\n`);
}

const noLinesBetweenRows = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** Lines of at most the widest column, broken between words where there are any. */
export function wrapped(text: string): string {
  const line = new RegExp(`(.{1,${widestColumn}})(?:[^\\S\\n]+|$)|(.{${widestColumn}})`, 'gmu');
  return text
    .replace(line, (_, words?: string, piece?: string) => `${words ?? piece ?? ''}\n`)
    .replace(/\n$/, '')
    .replace(/\n\n/g, '\n');
}

/** Names and values, one pair per line. */
export async function printFields(fields: Readonly<Record<string, Cell>>): Promise<void> {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  const lines = Object.entries(fields).map(
    ([name, value]) => `${name.padEnd(width)}  ${shown(value)}\n`,
  );
  await write(lines.join(''));
}

/** Text of others may hold control characters that would steer the terminal. */
export function shown(value: Cell): string {
  if (value === null || value === undefined) return '';
  // eslint-disable-next-line no-control-regex -- the very characters that are taken out
  return String(value).replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** Such as `1 fact` and `2 facts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Any JSON value in one short piece of text. */
export function brief(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}

/** An answer's members as `printFields` takes them. */
export const inBrief = (found: object): Record<string, Cell> =>
  Object.fromEntries(
    Object.entries(found).map(([name, value]: [string, unknown]) => [name, brief(value)]),
  );
