import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FolderInUse, FolderLock } from './folder-lock.js';
import { identityOf, waitForEnd } from './processes.js';

let folder: string;
const servers: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-lock-'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process, and how to kill it and wait for its end. */
function server(): { pid: number; killed: () => Promise<boolean> } {
  const child = spawn('sleep', ['60']);
  servers.push(child);
  const identity = identityOf(child.pid!)!;
  return {
    pid: identity.pid,
    killed: () => {
      child.kill('SIGKILL');
      return waitForEnd(identity, 30_000);
    },
  };
}

const claims = (): string[] => readdirSync(join(folder, 'lock'));

/** As if the process that took the folder were gone: its claims are those of nobody any more. */
function forget(kind: 'wish' | 'held', pid = process.pid): void {
  const another = Buffer.from('another time').toString('base64url');
  mkdirSync(join(folder, 'lock'), { recursive: true });
  writeFileSync(join(folder, 'lock', `${kind}.0000.${pid}.${another}`), '');
}

describe('the lock of a folder', () => {
  it('is refused to a second start, naming the first, and free again afterwards', async () => {
    const lock = await FolderLock.take(folder);
    await expect(FolderLock.take(folder)).rejects.toMatchObject({ pid: process.pid });
    await expect(FolderLock.take(folder)).rejects.toBeInstanceOf(FolderInUse);
    lock.release();
    (await FolderLock.take(folder)).release();
    expect(claims()).toEqual([]);
  });

  it('goes to one of many that ask at the same instant, also when the last holder was killed', async () => {
    for (let round = 0; round < 20; round++) {
      forget('held');
      forget('wish');
      const asked = Array.from({ length: 8 }, () => FolderLock.take(folder));
      const answers = await Promise.allSettled(asked);
      const got = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      expect(got).toHaveLength(1);
      got[0]!.release();
    }
    expect(claims()).toEqual([]);
  });

  it('is held by the server that it is shared with, as long as that one runs', async () => {
    const { pid, killed } = server();
    const lock = await FolderLock.take(folder);
    lock.shareWith(pid);
    for (const name of claims()) {
      if (name.includes(`.${process.pid}.`)) rmSync(join(folder, 'lock', name));
    }
    await expect(FolderLock.take(folder)).rejects.toMatchObject({ pid });
    await killed();
    (await FolderLock.take(folder)).release();
  });

  it('cannot be shared with a process that is gone', async () => {
    const { pid, killed } = server();
    const lock = await FolderLock.take(folder);
    await killed();
    expect(() => lock.shareWith(pid)).toThrow(`Process ${pid} is gone`);
    lock.release();
  });

  it('is not held by a process whose id another one has by now', async () => {
    forget('held', server().pid);
    (await FolderLock.take(folder)).release();
    expect(claims()).toEqual([]);
  });
});
