import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { AppProcess } from '#embedded/app-process.js';
import { freePort } from '#embedded/free-port.js';
import { AppProcesses, supervision } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { until } from '#testing/until.js';

const apps = new AppProcesses();
const script = join(compiledRoot, 'libs/process/src/test/some-process.js');

afterEach(() => apps.kill());

const start = (env: Readonly<Record<string, string>> = {}): AppProcess => apps.start(script, env);

/** What it did, without its log. */
const said = ({ output }: AppProcess): string[] =>
  output.split('\n').filter((line) => !line.startsWith('{'));

const inOrder = [
  'starts',
  'stops',
  'closed the last part',
  'closed the second part',
  'closed the first part',
];

describe('a process', () => {
  it('tells its parent that it is ready, and on SIGTERM closes its parts in reverse order', async () => {
    const running = start();
    expect(await running.ready).toEqual({ type: 'ready', answer: 42 });
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(said(running)).toEqual(inOrder);
    expect(running.output).toMatch(/"app":"some-process".*"answer":42.*some-process is ready/);
  });

  it('stops when its parent is gone', async () => {
    const child = fork(script, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    let output = '';
    child.stdout?.on('data', (text) => (output += String(text)));
    await once(child, 'message');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
    await until('its output has come', () =>
      /parent is gone[^]*closed the first part/.test(output),
    );
  });

  it('serves its health while it starts, and is not ready before it has', async () => {
    const port = await freePort();
    const running = start({ HEALTH_PORT: String(port), START_MS: '2000' });
    await until('it starts', () => running.output.includes('starts'));
    const starting = await supervision(port, '/health/ready');
    expect({ status: starting.status, body: await starting.json() }).toEqual({
      status: 503,
      body: { status: 'down', checks: { start: { status: 'down', reason: 'starting' } } },
    });
    expect(await running.ready).toEqual({ type: 'ready', port, answer: 42 });
    expect((await supervision(port, '/health/ready')).status).toBe(200);
  });

  it('opens nothing more where it is stopped while it starts', async () => {
    const running = start({ START_MS: '500' });
    await until('it starts', () => running.output.includes('starts'));
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(said(running)).toEqual(inOrder.filter((line) => !line.includes('last')));
  });

  it('ends with 1 and the reason where it cannot start', async () => {
    const failing = start({ FAILS: 'to start' });
    expect(await failing.ended).toMatchObject({ code: 1 });
    expect(failing.output).toMatch(/"level":"fatal".*there is no store.*some-process cannot start/);
    expect(said(failing)).toEqual(['starts']);
  });

  it('ends with 1 on an error that nobody handles', async () => {
    const failing = start({ FAILS: 'later' });
    await failing.ready;
    expect(await failing.ended).toMatchObject({ code: 1 });
    expect(failing.output).toMatch(/"level":"fatal".*nobody expects it.*handled by nobody/);
  });

  it('closes its other parts where one fails to, and ends with 1', async () => {
    const running = start({ FAILS: 'to close' });
    await running.ready;
    expect(await running.stop()).toMatchObject({ code: 1 });
    expect(said(running)).toEqual(inOrder);
    expect(running.output).toMatch(/a part is stuck.*did not stop in order/);
  });

  it('is cut short after nine seconds where a part does not close', async () => {
    const running = start({ FAILS: 'to close in time' });
    await running.ready;
    expect(await running.stop(20_000)).toEqual({ code: 1, signal: null });
    expect(running.output).toContain('did not stop in time');
  });

  it('names the setting that is wrong', async () => {
    const wrong = start({ START_MS: 'soon' });
    expect(await wrong.ended).toMatchObject({ code: 1 });
    expect(wrong.output).toContain('START_MS is "soon"; expected: an integer from 0 to 60000');
  });
});
