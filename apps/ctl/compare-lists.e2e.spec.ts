import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-lists-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let standalone: TestStandalone;
let [earlier, later] = ['', ''];

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const imported = async (name: string, ...rows: readonly string[]): Promise<string> => {
  const path = join(root, name);
  writeFileSync(path, `${[header, ...rows].join('\n')}\n`);
  const { stdout } = await ctl('--json', 'import', 'products', path);
  return (JSON.parse(stdout) as { id: string }).id;
};

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
  earlier = await imported('of-june.csv', 'Alder,A-1,LiFePO4,5.40,2', 'Cedar,C-1,LFP,6,2');
  later = await imported(
    'of-july.csv',
    'Alder,A-1,LFP,5.5,2',
    'Elm,C-1,LFP,6,2',
    'Elm,E-1,LFP,6,2',
  );
});
afterAll(async () => {
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

const compare = (...args: string[]) => ctl('lists', 'compare', ...args);

describe('the command line', () => {
  it('says in one line which products a list does not name any more', async () => {
    const { stdout } = await ctl('import', 'show', later);
    expect(stdout).toContain(
      '1 product that the list of of-june.csv named is no longer named: 1 transferred\n',
    );
    expect(stdout).not.toContain('most of that list');
    expect((await ctl('import', 'show', earlier)).stdout).not.toContain('no longer named');
  });

  it('shows what became of the products of a list', async () => {
    const { exitCode, stdout, stderr } = await compare(earlier, later);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/earlier +of-june.csv, 2 rows\n/);
    expect(stdout).toMatch(/\nnew +1\n/);
    expect(stdout).toMatch(/relabelled, too +0 transferred, 0 renamed, 1 edited\n/);
    expect(stdout).toMatch(/transferred │ Cedar C-1 +│ Elm C-1/);
    expect(stdout).toMatch(
      /edited +│ Alder A-1 +│ Alder A-1 │ EnergyCapacityNominal: 5.4 kWh -> 5.5 kWh/,
    );
    expect(stdout).toContain('(BatteryChemistryType: LiFePO4 -> LFP)');
  });

  it('takes imports by the beginning of their ids, and names what is none', async () => {
    await eventually(async () => {
      const found = await compare(earlier.slice(0, 8), later.slice(0, 8), '--kind', 'new');
      expect(found.exitCode).toBe(0);
      expect(found.stdout).toContain('Elm E-1');
      expect(found.stdout).not.toContain('Cedar');
    });
    for (const word of ['show', 'rows']) {
      const found = await ctl('import', word, later.slice(0, 8));
      expect(found.stdout).toContain(word === 'show' ? later : 'accepted');
    }
    const unknown = earlier.startsWith('0000') ? 'ffff' : '0000';
    expect(await compare(unknown, later)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`There is no import ${unknown}`) as unknown,
    });
    expect((await compare('a', later)).exitCode).toBe(2);
  });

  it('gives every difference as CSV, and says where there are more', async () => {
    const csv = await compare(earlier, later, '--csv');
    expect(csv.stdout.split('\r\n').map((line) => line.split(',', 2).join(','))).toEqual([
      ...['kind,row_before', 'transferred,2', 'edited,1', 'edited,1', 'new,', ''],
    ]);
    expect((await compare(earlier, later, '--csv', '--limit', '5')).exitCode).toBe(2);
    const one = await compare(earlier, later, '--limit', '1');
    expect(one.stderr).toContain('There are 2 more');
  });

  it('warns of a file that names next to nothing of the list before it', async () => {
    const path = join(root, 'of-august.csv');
    writeFileSync(path, `${header}\nBirch,B-1,LFP,6,2\n`);
    const { stdout } = await ctl('import', 'products', path);
    expect(stdout).toMatch(/named are no longer named: 2 gone\nThese are most of that list\. /);
  });
});
