import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { FolderInUse, FolderLock } from '#embedded/folder-lock.js';
import { startTimeOf } from '#embedded/processes.js';

/** The process that lives as long as the test run: the parent where this is one of its workers. */
export function runPid(): number {
  return process.argv[1]?.endsWith('/vitest/dist/workers/forks.js') === true
    ? process.ppid
    : process.pid;
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

/** Runs `work` alone among all processes that use the same path; the lock of a process that is gone is free. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await taken(path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** However long the holder takes: `work` may keep its process busy, as a compiler or initdb does, so that no time tells. */
async function taken(path: string): Promise<FolderLock> {
  for (;;) {
    try {
      return await FolderLock.take(path);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await sleep(25);
    }
  }
}
