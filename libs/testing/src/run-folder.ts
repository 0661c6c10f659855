import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startTimeOf } from '#embedded/processes.js';

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

const staleAfterMs = 20_000;

/** Runs `work` alone among all processes that use the same path; a dead holder's lock is taken over. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!acquired(path)) await sleep(25);
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), staleAfterMs / 4);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { recursive: true, force: true });
  }
}

function acquired(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > staleAfterMs) rmSync(path, { recursive: true, force: true });
  return false;
}
