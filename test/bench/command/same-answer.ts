import { isDeepStrictEqual } from 'node:util';

import type { Path } from './paths.js';
import { headersOf, type Target } from './steady-load.js';

/** Throws unless the peers of a read answer what ours answers, but for the text of a cursor. */
export const assertSameAnswer = async ({ title, ours, peers }: Path): Promise<void> => {
  const { path } = ours.next();
  const expected = await answerOf(ours, path);
  for (const { target } of peers) {
    const answer = await answerOf(target, path);
    if (isDeepStrictEqual(answer, expected)) continue;
    const [a, b] = [expected, answer].map((body) => JSON.stringify(body).slice(0, 1_000));
    throw new Error(
      `${title}: the peer answers something else.\nours: ${a ?? ''}\npeer: ${b ?? ''}`,
    );
  }
};

const answerOf = async (target: Target, path: string): Promise<object> => {
  const response = await fetch(target.base + path, { headers: headersOf(target) });
  const body = (await response.json()) as { readonly nextCursor?: string | null };
  if (!('nextCursor' in body)) return body;
  return { ...body, nextCursor: typeof body.nextCursor };
};
