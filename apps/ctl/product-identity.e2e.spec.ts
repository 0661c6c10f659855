import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-identity-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let standalone: TestStandalone;

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
});
afterAll(async () => {
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

const post = async (path: string, body: object): Promise<string> => {
  const response = await standalone.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, reason: 'test' }),
  });
  return ((await response.json()) as { id: string }).id;
};

const reason = ['--reason', 'notice of the agency'] as const;

describe('the command line', () => {
  it('transfers, renames, merges and splits products, whatever they are called', async () => {
    await post('/v1/manufacturers', { name: 'Alder', code: 'ALDER' });
    await post('/v1/manufacturers', { name: 'Birch', code: 'BIRCH' });
    const product = (manufacturer: string, model: string) =>
      post('/v1/products', { type: 'ProdBattery', manufacturer, model });
    const id = await product('Alder', 'X-1');
    const duplicate = await product('Birch', 'X1');

    const transfer = ['products', 'transfer', 'ALDER-X_1', 'Birch'];
    expect((await ctl(...transfer, ...reason)).exitCode).toBe(2);
    const transferred = await ctl(...transfer, '--from', '2025-07-01', ...reason);
    expect([transferred.exitCode, transferred.stdout]).toEqual([
      0,
      expect.stringContaining(`ALDER-X_1 (${id}) is at revision 2`),
    ]);
    const renamed = await ctl('products', 'rename-model', 'BIRCH-X_1', 'X-1 v2', ...reason);
    expect(renamed).toMatchObject({ exitCode: 0, stderr: '' });
    const merged = await ctl('products', 'merge', duplicate, 'ALDER-X_1', ...reason);
    expect(merged).toMatchObject({ exitCode: 0, stderr: '' });
    await eventually(async () => {
      const { stdout } = await ctl('products', 'show', 'BIRCH-X1');
      expect(stdout).toMatch(/model +X-1 v2[^]*Formerly[^]*X-1 +│ 2025-07-01[^]*Merged into it/);
    });
    const refused = await ctl('products', 'set', id, 'Mass=12.50kg', ...reason);
    expect(refused.exitCode).toBe(0);
    const late = await ctl('products', 'split', duplicate, ...reason);
    expect([late.exitCode, late.stderr]).toEqual([
      1,
      expect.stringContaining('has changed since the merger'),
    ]);
  });

  it('settles what a list says otherwise', async () => {
    await post('/v1/manufacturers', { name: 'Cedar', code: 'CEDAR' });
    const elements = { EnergyCapacityNominal: { value: '5.1', unit: 'kWh' } };
    await post('/v1/products', {
      type: 'ProdBattery',
      manufacturer: 'Cedar',
      model: 'C',
      elements,
    });
    const resolve = (decision: string, value: string) =>
      ctl(
        ...['products', 'resolve-conflict', 'CEDAR-C', decision],
        ...['--path', '/elements/EnergyCapacityNominal', '--value', value, ...reason],
      );
    const kept = await resolve('keep', '{"value": "5.2", "unit": "kWh"}');
    expect([kept.exitCode, kept.stdout]).toEqual([0, expect.stringContaining('at revision 2')]);
    const taken = await resolve('take', '{"value": "5.3", "unit": "kWh"}');
    expect([taken.exitCode, taken.stdout]).toEqual([0, expect.stringContaining('at revision 3')]);
    expect((await resolve('keep', '5.2 kWh')).exitCode).toBe(2);
  });
});
