import { hash } from 'node:crypto';

/** So many statements of a process are prepared at most: each connection keeps those that it has seen. */
const maxStatements = 300;
const names = new Map<string, string>();

/** As `pool.query` takes it. */
export interface Prepared {
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[];
}

/**
 * A statement that a connection parses and plans once, for texts that come again and again. PostgreSQL
 * plans anew where a schema was renamed, so that it follows a build that was switched to. Beyond the
 * first 300 texts of a process, which are lists with unusual filters, statements are sent as ever.
 */
export const prepared = (text: string, values: unknown[] = []): Prepared => {
  const name = names.get(text) ?? nameOf(text);
  return name === undefined ? { text, values } : { name, text, values };
};

const nameOf = (text: string): string | undefined => {
  if (names.size >= maxStatements) return undefined;
  const name = hash('sha256', text, 'base64url');
  names.set(text, name);
  return name;
};
