import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Projection } from './projection.js';
import { tokensOf } from './source-tokens.js';

/**
 * SHA-256 over what counts of a projection's sources (see `tokensOf`), as they were written: for compiled code the
 * original text is taken from the source map beside it, so that the hash depends neither on the compiler nor on
 * whether the code runs compiled.
 *
 * Rejects where a source, or the map of a compiled one, is missing.
 */
export const hashOf = async ({ name, sources }: Projection): Promise<string> => {
  if (sources.length === 0) throw new Error(`projection ${name} names no sources`);
  const texts = await Promise.all(sources.map(sourceText));
  const hash = createHash('sha256');
  for (const { file, text } of texts.sort((a, b) => (a.file < b.file ? -1 : 1))) {
    hash.update(JSON.stringify([file, ...tokensOf(file, text)]));
  }
  return hash.digest('hex');
};

/** Whether a projection whose hash is `hash` makes the rows of a build that was made under the hash `stored`. */
export const makesRowsOf = (
  { sameRows }: Pick<Projection, 'sameRows'>,
  hash: string,
  stored: string,
): boolean => stored === hash || (sameRows?.hash === hash && sameRows.as.includes(stored));

const sourceText = async (source: URL): Promise<{ file: string; text: string }> => {
  const path = fileURLToPath(source);
  const original = path.replace(/\.js$/, '.ts');
  const file = basename(original);
  if (original === path) return { file, text: await readFile(path, 'utf8') };
  const map = JSON.parse(await readFile(`${path}.map`, 'utf8')) as { sourcesContent?: string[] };
  const [text] = map.sourcesContent ?? [];
  if (text === undefined) throw new Error(`${path}.map does not hold the original text`);
  return { file, text };
};
