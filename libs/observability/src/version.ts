import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From the nearest package.json above a folder: of the sources and of each compiled tree it is ours. */
const versionAbove = (folder: string): string => {
  const path = join(folder, 'package.json');
  if (existsSync(path))
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('there is no package.json above this program');
  return versionAbove(parent);
};

/** The version of Voltrace that runs. */
export const version = versionAbove(dirname(fileURLToPath(import.meta.url)));
