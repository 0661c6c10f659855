import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { NeedsOperator } from './needs-operator.js';

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Replaces a file in one step, on the disk when this returns; readable by its owner alone. */
export function writePrivateFile(path: string, content: string, owner?: FileOwner): void {
  published(path, content, (temporary) => {
    if (owner) chownSync(temporary, owner.uid, owner.gid);
    renameSync(temporary, path);
  });
}

/** As `writePrivateFile`, but never over another's file: the first of several counts. */
export function createPrivateFile(path: string, content: string): void {
  published(path, content, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      // Some file systems have no links.
      if (codeOf(error) !== 'EEXIST') renameSync(temporary, path);
    }
  });
}

/** The content is on the disk before `publish` gives it its name. */
function published(path: string, content: string, publish: (temporary: string) => void): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeSynced(temporary, content);
    publish(temporary);
  } finally {
    // A full disk must not be filled further by what could not be written.
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
}

function writeSynced(path: string, content: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whether an error says that the disk, or what the user may have of it, is used up. */
export function isOutOfSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/**
 * The text of a file with a secret, or undefined if there is none.
 *
 * Throws `NeedsOperator` for a file of another user than us and root, and for one whose mode has bits
 * of `closed`: who wrote it might know the secret, and who can read it does.
 */
export function readSecretFile(path: string, closed: number): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { uid, mode } = fstatSync(file);
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && uid !== 0) {
      throw new NeedsOperator(
        `${path} belongs to user ${uid}: look at it, and take it over (chown ${own} ${path}) or remove it`,
      );
    }
    if (own !== undefined && (mode & closed) !== 0) {
      throw new NeedsOperator(
        `${path} is open to other users (mode ${(mode & 0o7777).toString(8)}), and holds a secret: ` +
          `remove it to have a new one made, or close it (chmod 600 ${path}) if nobody can have seen it`,
      );
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Makes renames in a folder survive a power loss; a no-op where folders cannot be opened (Windows). */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The parsed content, or undefined if there is no such file. */
export function readJsonFile<T>(path: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Error(`${path} is not valid JSON: restore it, or remove it to start anew`);
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
