import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { readJsonFile } from '#embedded/files.js';
import { identityOf, isRunning, type ProcessIdentity, startTimeOf } from '#embedded/processes.js';

/** The process that lives as long as the test run: jest's parent where this is one of its workers. */
export function runPid(): number {
  return process.argv[1]?.endsWith('processChild.js') === true ? process.ppid : process.pid;
}

/** A folder of this test run, the same in all of its workers. */
export function runFolder(): string {
  const pid = runPid();
  const identity = createHash('sha256')
    .update(`${pid}:${startTimeOf(pid) ?? ''}`)
    .digest('hex')
    .slice(0, 12);
  const folder = join(tmpdir(), `voltrace-tests-${userInfo().uid}-${identity}`);
  mkdirSync(folder, { recursive: true });
  // The database server's own user passes through.
  chmodSync(folder, 0o755);
  return folder;
}

/** A lock that does not say whose it is was left by a process that ended in between. */
const namelessMs = 20_000;

/** Runs `work` alone among all processes that use the same path; a dead holder's lock is taken over. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!acquired(path)) await sleep(25);
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function acquired(path: string): boolean {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (isLeft(path)) rmSync(path, { recursive: true, force: true });
    return false;
  }
  // Whole or not at all, for those who look.
  writeFileSync(`${holderOf(path)}.tmp`, JSON.stringify(identityOf(process.pid)));
  renameSync(`${holderOf(path)}.tmp`, holderOf(path));
  return true;
}

/** Not by its age: a holder may stand still for long on a busy machine, and still holds it. */
function isLeft(path: string): boolean {
  const holder = readJsonFile<ProcessIdentity>(holderOf(path));
  if (holder) return !isRunning(holder);
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  return age > namelessMs;
}

const holderOf = (path: string): string => join(path, 'holder.json');
