import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { DeviceClient } from '#device-link/device-client.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let standalone: TestStandalone;
let device: string;
let client: DeviceClient;

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);
const json = async <T>(...args: string[]): Promise<T> => {
  const { exitCode, stdout, stderr } = await ctl('--json', ...args);
  if (exitCode !== 0) throw new Error(`${String(exitCode)}: ${stderr}`);
  return JSON.parse(stdout) as T;
};
const waiting = async (): Promise<readonly { id: string }[]> => {
  const args = ['quarantine', 'list', '--device', device, '--state', 'waiting'];
  return (await json<{ items: { id: string }[] }>(...args)).items;
};

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
  device = (await json<{ id: string }>('devices', 'add', 'egauge')).id;
  const { secret } = await json<{ secret: string }>('devices', 'issue-credential', device);
  const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as {
    parts: Record<string, { port: number }>;
  };
  const url = `mqtt://127.0.0.1:${String(run.parts['mqtt-broker']?.port)}`;
  client = await DeviceClient.connect({ url, device, secret });
});
afterAll(async () => {
  await client.close();
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

it('lists what could not be taken, shows it, takes it again and gives it up', async () => {
  for (const t of ['1970-01-01T00:00:00Z', '2099-01-01T00:00:00Z']) {
    await client.send('samples', { t: [t], series: { 'A.Solar': { values: [1.25] } } });
    await client.flush();
  }
  await eventually(async () => {
    expect(await waiting()).toHaveLength(2);
  });
  const [future, past] = (await waiting()).map(({ id }) => id);
  const listed = await ctl('quarantine', 'list', '--reason', 'before 2000');
  expect(listed.stdout).toContain(past);
  expect(listed.stdout).not.toContain(future);
  const shown = await ctl('quarantine', 'show', String(past));
  expect(shown.stdout).toContain('1970-01-01T00:00:00Z');
  expect(shown.stdout).toMatch(
    /wrong {2}\/0\/series\/A.Solar\/values\/0: expected a time from 2000/,
  );

  const replayed = await ctl('quarantine', 'replay', String(past), String(future));
  expect([replayed.exitCode, replayed.stderr]).toEqual([1, '2 messages could not be taken.\n']);
  expect(replayed.stdout).toContain(`${String(past)} waits on: /0/series/A.Solar/values/0`);
  expect((await ctl('quarantine', 'discard', String(past))).exitCode).toBe(2);
  const discarded = await ctl('quarantine', 'discard', String(past), '--reason', 'no clock');
  expect([discarded.exitCode, discarded.stdout]).toEqual([0, `${String(past)} is discarded.\n`]);
  const settled = await ctl('quarantine', 'replay', String(past));
  expect([settled.exitCode, settled.stderr]).toEqual([
    ...[1, expect.stringContaining('QUARANTINED_SETTLED')],
  ]);
  await eventually(async () => {
    expect((await waiting()).map(({ id }) => id)).toEqual([future]);
  });
});

it('shows how a device is connected and what happened at it', async () => {
  await client.send('birth', { firmware: '1.4.2' });
  await client.send('occurrences', { kind: 'DOOR', at: '2026-05-04T11:00:00Z', details: { n: 1 } });
  await client.flush();
  await eventually(async () => {
    const { stdout } = await ctl('devices', 'occurrences', device);
    expect(stdout).toMatch(/2026-05-04T11:00:00.000Z │ DOOR │ {"n":1}/);
  });
  const { stdout } = await ctl('devices', 'link', device);
  expect(stdout).toMatch(/connection +online/);
  expect(stdout).toMatch(/properties +{"firmware":"1.4.2"}/);
});
