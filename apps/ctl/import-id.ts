import type { ApiClient } from './client.js';
import { usage } from './exit-codes.js';

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const shortestStart = 4;

/** The id of an import that is given by its id or the beginning of it. */
export async function importIdOf(api: ApiClient, given: string): Promise<string> {
  const start = given.toLowerCase();
  if (wholeId.test(start)) return start;
  if (start.length < shortestStart) {
    throw usage(
      `"${given}" is no import: give at least ${String(shortestStart)} characters of its id.`,
    );
  }
  const found: string[] = [];
  for await (const { id } of api.items<{ readonly id: string }>('/v1/imports', {}, 10_000)) {
    if (id.startsWith(start)) found.push(id);
  }
  const [id, ...others] = found;
  if (id === undefined) throw usage(`There is no import ${given}: voltrace import list has them.`);
  if (others.length > 0) throw usage(`${given} may be any of ${found.slice(0, 5).join(', ')}.`);
  return id;
}
