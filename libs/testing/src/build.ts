import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The compiled tree that this file is part of, for tests that start our apps as processes
 * (`<folder>/apps/event-node/main.js`): `dist`, or what the test run was compiled to.
 */
export const compiledRoot = dirname(
  fileURLToPath(new URL('../../../package.json', import.meta.url)),
);

/** The folder of the sources and of what belongs to them. */
export const projectRoot = rootFrom(compiledRoot);

function rootFrom(folder: string): string {
  if (existsSync(`${folder}/vitest.config.js`) || dirname(folder) === folder) return folder;
  return rootFrom(dirname(folder));
}
