import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { identityOf, waitForEnd } from '#embedded/processes.js';

import { FolderInUse, lockFolder } from './folder-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voltrace-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of a data folder', () => {
  it('is refused to a second start, naming the first, and free again afterwards', async () => {
    const unlock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`as process ${process.pid}`);
    await expect(lockFolder(folder)).rejects.toBeInstanceOf(FolderInUse);
    unlock();
    (await lockFolder(folder))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that is gone', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identityOf(child.pid!)!;
    writeFileSync(join(folder, 'run.lock'), JSON.stringify(identity));
    await expect(lockFolder(folder)).rejects.toThrow(`as process ${identity.pid}`);
    child.kill('SIGKILL');
    await waitForEnd(identity, 1_000);
    (await lockFolder(folder))();
  });

  it('is taken over from a process whose id another one has by now', async () => {
    const reused = { pid: process.pid, startedAt: 'another time' };
    writeFileSync(join(folder, 'run.lock'), JSON.stringify(reused));
    (await lockFolder(folder))();
  });

  it('is taken over when its file is broken', async () => {
    writeFileSync(join(folder, 'run.lock'), '{"pid":');
    (await lockFolder(folder))();
  });
});
