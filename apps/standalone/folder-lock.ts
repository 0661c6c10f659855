import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { identityOf, isRunning, type ProcessIdentity } from '#embedded/processes.js';

/** Another start holds the data folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

/**
 * Takes a data folder for this process, or throws `FolderInUse` naming the process that has it. The
 * lock of a process that is gone is taken over. Returns how to give the folder back.
 */
export async function lockFolder(dataDir: string): Promise<() => void> {
  const path = join(dataDir, 'run.lock');
  const mine = JSON.stringify(identityOf(process.pid));
  while (!created(path, mine)) {
    const text = contentOf(path);
    if (text === undefined) continue;
    const holder = holderIn(text);
    if (holder && isRunning(holder)) throw inUse(dataDir, holder.pid);
    removeIfStill(path, text);
  }
  // Two starts that both found a dead lock may each have removed one: the later file stands.
  await sleep(50);
  const standing = contentOf(path);
  if (standing !== mine) throw inUse(dataDir, standing ? holderIn(standing)?.pid : undefined);
  return () => {
    if (contentOf(path) === mine) rmSync(path, { force: true });
  };
}

function inUse(dataDir: string, pid: number | undefined): FolderInUse {
  return new FolderInUse(
    `Voltrace is already running on ${dataDir}, as process ${pid ?? 'unknown'}. ` +
      'Stop it first, or give this one a data folder and a port of its own: ' +
      'VOLTRACE_DATA_DIR=.voltrace-2 PORT=8081 npm start',
  );
}

/** The file appears with its content: nobody reads a half-written one. */
function created(path: string, content: string): boolean {
  const temporary = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, content, { mode: 0o600 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Moves the file away and looks again: it may have been replaced since it was read. */
function removeIfStill(path: string, content: string): void {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (contentOf(aside) !== content) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function holderIn(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
