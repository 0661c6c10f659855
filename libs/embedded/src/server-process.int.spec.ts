import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { spawnServer, waitUntilReady } from './server-process.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-server-'));

afterAll(() => rmSync(folder, { recursive: true }));

it('tells what a server said that was gone before anybody looked', async () => {
  const program = join(folder, 'hasty');
  writeFileSync(program, '#!/bin/sh\necho "could not bind"\nexit 1\n');
  chmodSync(program, 0o755);
  const logFile = join(folder, 'server.log');
  appendFileSync(logFile, 'of an earlier start\n');

  const server = spawnServer({ program, folder, settings: {}, user: undefined, logFile });
  blockEventLoop(500);

  await expect(waitUntilReady(server)).rejects.toThrow(
    `PostgreSQL did not start: could not bind (log: ${logFile})`,
  );
});

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
