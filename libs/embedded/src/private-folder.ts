import { mkdirSync, realpathSync, statSync } from 'node:fs';

import { NeedsOperator } from './needs-operator.js';

const othersWrite = 0o022;

/**
 * Makes a folder that is closed to other users, and answers its real path.
 *
 * Throws `NeedsOperator` for a folder that another user owns or may write to: what lies in it, a key
 * that opens the API among it, may be theirs.
 */
export function privateFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const folder = realpathSync(path);
  const own = process.getuid?.();
  if (own === undefined) return folder;
  const { uid, mode } = statSync(folder);
  if (uid !== own) {
    throw new NeedsOperator(
      `The folder ${folder} belongs to user ${uid}, and this process runs as user ${own}. ` +
        `Run as that user, choose another folder, or look at what is in it and take it over (chown -R ${own} ${folder}).`,
    );
  }
  if ((mode & othersWrite) !== 0) {
    throw new NeedsOperator(
      `Other users may write to the folder ${folder} (mode ${(mode & 0o7777).toString(8)}). ` +
        `Look at what is in it and close it (chmod go-rwx ${folder}), or choose another folder.`,
    );
  }
  return folder;
}
