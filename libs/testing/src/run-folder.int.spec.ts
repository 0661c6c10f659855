import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { compiledRoot } from './build.js';
import { locked } from './run-folder.js';
import { until } from './until.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-locked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('keeps a lock whose holder is busy for as long as it lives, and no longer', async () => {
  const path = join(folder, 'a.lock');
  const script = join(folder, 'holder.mjs');
  const runFolder = join(compiledRoot, 'libs/testing/src/run-folder.js');
  // As a compiler does that is waited for: nothing else of its process runs meanwhile.
  writeFileSync(
    script,
    `import { spawnSync } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     import { locked } from ${JSON.stringify(runFolder)};
     await locked(${JSON.stringify(path)}, async () => {
       writeFileSync(${JSON.stringify(join(folder, 'held'))}, '');
       spawnSync('sleep', ['600'], { stdio: 'inherit' });
     });`,
  );
  const holder = spawn(process.execPath, [script], { stdio: 'inherit', detached: true });
  const gone = once(holder, 'exit');
  try {
    await until('it is held', () => existsSync(join(folder, 'held')));
    // However long ago that was.
    utimesSync(path, new Date(0), new Date(0));
    let isMine = false;
    const mine = locked(path, () => Promise.resolve((isMine = true)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isMine).toBe(false);
    process.kill(-holder.pid!, 'SIGKILL');
    await gone;
    expect(await mine).toBe(true);
  } finally {
    if (holder.exitCode === null && holder.signalCode === null)
      process.kill(-holder.pid!, 'SIGKILL');
  }
});
