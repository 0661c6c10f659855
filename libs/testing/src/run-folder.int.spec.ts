import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, describe, expect, it } from '@jest/globals';

import { identityOf } from '#embedded/processes.js';

import { locked } from './run-folder.js';

describe('a lock between processes', () => {
  const root = mkdtempSync(join(tmpdir(), 'voltrace-locks-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** As a process of that id would hold it, for an hour by now. */
  const heldBy = (name: string, pid: number): string => {
    const path = join(root, name);
    mkdirSync(path);
    writeFileSync(join(path, 'holder.json'), JSON.stringify(identityOf(pid)));
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, hourAgo, hourAgo);
    return path;
  };

  it('is not taken from a holder that stands still, however long', async () => {
    const path = heldBy('slow', process.pid);
    let isOurs = false;
    const work = locked(path, () => {
      isOurs = true;
      return Promise.resolve('done');
    });
    await sleep(500);
    expect(isOurs).toBe(false);
    rmSync(path, { recursive: true });
    expect(await work).toBe('done');
  });

  it('is taken over from one that has ended', async () => {
    const holder = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    const path = heldBy('dead', holder.pid!);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await locked(path, () => Promise.resolve('done'))).toBe('done');
  });

  it('is held by one at a time', async () => {
    let most = 0;
    let now = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (now += 1));
      await sleep(20);
      now -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => locked(join(root, 'shared'), work)));
    expect(most).toBe(1);
  });
});
