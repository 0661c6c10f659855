import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { AppProcess } from './app-process.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-apps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function app(code: string, onLine?: (line: string) => void): AppProcess {
  const script = join(folder, `app-${code.length}.mjs`);
  writeFileSync(script, code);
  return new AppProcess({ script, env: { PATH: process.env['PATH'] }, ...(onLine && { onLine }) });
}

describe('an app as a child process', () => {
  it('tells when it is ready, and ends on SIGTERM', async () => {
    const lines: string[] = [];
    const serving = app(
      "process.on('message', () => {}); console.log('hello'); process.send({ type: 'ready', port: 4711 });",
      (line) => lines.push(line),
    );
    expect(await serving.ready).toEqual({ type: 'ready', port: 4711 });
    expect(await serving.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(lines).toEqual(['hello']);
    expect(serving.isRunning).toBe(false);
  });

  it('says why it ended before it was ready', async () => {
    const failing = app('console.error(\'PORT is "x"; expected: a number\'); process.exit(3);');
    await expect(failing.ready).rejects.toThrow(/exit code 3 before it was ready:\nPORT is "x"/);
    expect(await failing.ended).toEqual({ code: 3, signal: null });
  });

  it('is killed when it does not end in time', async () => {
    const stubborn = app(
      "process.on('SIGTERM', () => {}); process.on('message', () => {}); process.send({ type: 'ready' });",
    );
    await stubborn.ready;
    expect(await stubborn.stop(200)).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
