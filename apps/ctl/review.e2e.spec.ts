import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-review-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let standalone: TestStandalone;

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);

const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';
const imported = (asOf: string, ...rows: readonly string[]): Promise<CommandResult> => {
  const path = join(root, `list-${asOf}.csv`);
  writeFileSync(path, `${[header, ...rows].join('\n')}\n`);
  return ctl('import', 'products', path, '--as-of', asOf);
};
const reason = ['--reason', 'notice of the manufacturer'] as const;
const models = ['A-1', 'A-2', 'A-3'];
let later = '';

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
  const rows = models.map((model) => `Alder,${model},LFP,5.4,2`);
  const first = await imported('2026-01-10', ...rows, 'Birch,B-1,LFP,6,2', 'Birch,B-2,LFP,6,2');
  expect([first.exitCode, first.stderr]).toEqual([0, '']);
  expect(first.stdout).not.toContain('voltrace review');
  for (const model of ['A_1', 'A_2', 'A_3']) {
    const set = ['products', 'set', `ALDER-${model}`, 'EnergyCapacityNominal=6kWh', ...reason];
    expect(await ctl(...set)).toMatchObject({ exitCode: 0 });
  }
  const changed = models.map((model) => `Alder,${model},LFP,5.5,2`);
  const { stdout, exitCode } = await imported('2026-02-10', ...changed, 'Cedar,C-1,Unheard Of,6,2');
  expect(exitCode).toBe(4);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toMatch(/^6 rows and products wait for a person: voltrace review list --import /);
  later = last.split(' ').at(-1) ?? '';
});
afterAll(async () => {
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

const listed = async (...args: string[]) => {
  const { stdout } = await ctl('--json', 'review', 'list', ...args);
  const { items } = JSON.parse(stdout) as { items: { kind: string; model: string }[] };
  return items.map(({ kind, model }) => `${kind} ${model}`);
};

describe('the command line', () => {
  it('lists what waits, with what is registered and what the list says', async () => {
    await eventually(async () => {
      const { exitCode, stdout, stderr } = await ctl('review', 'list', '--import', later);
      expect([exitCode, stderr]).toEqual([0, '']);
      const id = later.slice(0, 8);
      expect(stdout).toMatch(
        new RegExp(
          `${id} │ 1 +│ conflict │ Alder +│ A-1 +│ [^│]*the list says 5\\.5 kWh; a curator`,
        ),
      );
      expect(stdout).toMatch(/other +│ Cedar +│ C-1 +│ technology: is a chemistry/);
      expect(stdout).toMatch(/gone +│ Birch +│ B-2 +│ an earlier list names it/);
    });
    expect(await listed('--kind', 'gone', '--manufacturer', 'BIRCH')).toEqual([
      'gone B-1',
      'gone B-2',
    ]);
    expect(await ctl('review', 'list', '--kind', 'all')).toMatchObject({ exitCode: 2 });
  });

  it('asks before it decides all of a rule, and takes items or a rule', async () => {
    const rule = ['review', 'accept', later, '--kind', 'conflict', ...reason];
    expect(await ctl(...rule)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--yes goes on without asking') as unknown,
    });
    expect((await ctl('review', 'accept', later, ...reason)).exitCode).toBe(2);
    expect((await ctl('review', 'accept', later, '--row', '1', '--all', ...reason)).exitCode).toBe(
      2,
    );
    expect((await ctl('review', 'accept', later, '--row', 'x', ...reason)).exitCode).toBe(2);
    expect((await ctl('review', 'accept', later, '--row', '1')).exitCode).toBe(2);
    expect(
      await ctl('review', 'accept', later, '--manufacturer', 'Nobody', ...reason),
    ).toMatchObject({
      ...{ exitCode: 1, stderr: 'Nothing waits that could be decided.\n' },
    });
  });

  it('decides rows one by one, and shows what became of them', async () => {
    const start = later.slice(0, 8);
    const accepted = await ctl('review', 'accept', start, '--row', '4', ...reason);
    expect(accepted.stdout).toMatch(
      /Not decided, and waiting on:[^]*4 +│ REVIEW_UNDECIDABLE: row 4 needs a correction/,
    );
    const { exitCode, stdout } = await ctl(
      'review',
      'reject',
      start,
      '--row',
      '1',
      '--row',
      '4',
      ...reason,
    );
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/^Rejected 2 items\.\n/);
    expect(stdout).toMatch(/state +completed[^]*unchanged +1\n[^]*needs review +3\n/);
    expect(stdout).toMatch(/\n4 rows and products wait for a person/);
    const shown = await ctl('products', 'show', 'ALDER-A_1');
    expect(shown.stdout).toMatch(/EnergyCapacityNominal +│ 6 +│ kWh/);
  });

  it('decides all of a manufacturer at once', async () => {
    const rule = ['review', 'accept', later, '--manufacturer', 'alder', ...reason, '--yes'];
    const { exitCode, stdout } = await ctl(...rule);
    expect([exitCode, stdout]).toEqual([4, expect.stringMatching(/^Accepted 2 items\.\n/)]);
    expect(stdout).toMatch(/needs review +1\n/);
    const shown = await ctl('products', 'show', 'ALDER-A_2');
    expect(shown.stdout).toMatch(/EnergyCapacityNominal +│ 5\.5 +│ kWh/);
  });

  it('delists nothing by a rule that does not name what is gone, and says what does', async () => {
    const all = ['review', 'accept', later, '--all', ...reason];
    const wait = `2 products that are gone wait: voltrace review accept ${later} --kind gone`;
    expect(await ctl(...all)).toMatchObject({
      ...{ exitCode: 1, stderr: `Nothing waits that could be decided.\n${wait}\n` },
    });
    const birch = await ctl(...all, '--manufacturer', 'Birch', '--yes');
    expect([birch.exitCode, birch.stdout]).toEqual([
      ...[0, `Accepted 0 items.\n${wait} --manufacturer 'Birch'\n`],
    ]);
    expect(await listed('--import', later)).toEqual(['gone B-1', 'gone B-2']);
  });

  it('delists what is gone without a run, and says so as JSON', async () => {
    const { exitCode, stdout } = await ctl(
      ...['--json', 'review', 'accept', later, '--kind', 'gone', ...reason, '--yes'],
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ decided: 2, refused: [], left: 0, import: { id: later, waiting: 0, run: 3 } },
    });
    await eventually(async () => {
      expect(await listed('--import', later)).toEqual([]);
    });
  });
});

describe('rows that seem to be known products', () => {
  let id = '';
  const known = models.map((model) => `"Alder, Inc.",${model},LFP,5.5,2`);

  it('wait, with what is registered', async () => {
    const moved = ['Elm,B-1,LFP,6,2', 'Elm,B-2,LFP,6,2'];
    const { stdout } = await imported('2026-03-10', ...known, ...moved);
    id = stdout.trimEnd().split(' ').at(-1) ?? '';
    await eventually(async () => {
      const found = await ctl('review', 'list', '--import', id);
      expect(found.stdout).toMatch(/rename +│ Alder, Inc. +│ A-1 +│ registered as Alder A-1/);
      expect(found.stdout).toMatch(/transfer +│ Elm +│ B-2 +│ registered as Birch B-2/);
    });
  });

  it('are registered by themselves once somebody declines that', async () => {
    const { stdout } = await ctl('review', 'reject', id, '--row', '5', ...reason);
    expect(stdout).toMatch(/^Rejected 1 item\.\n[^]*accepted +1 \(1 new, 0 changed\)/);
    expect((await ctl('products', 'show', 'ELM-B_2')).stdout).toMatch(/manufacturer +Elm/);
    expect((await ctl('products', 'show', 'BIRCH-B_2')).stdout).toMatch(/manufacturer +Birch/);
  });

  it('become their names by one command', async () => {
    const all = await ctl('review', 'accept', id, '--all', ...reason, '--yes');
    expect([all.exitCode, all.stderr]).toEqual([0, '']);
    expect(all.stdout).toMatch(/^Accepted \d items\.\n[^]*needs review +0\n/);
    const [alder, elm] = [
      await ctl('products', 'show', 'ALDER-A_1'),
      await ctl('products', 'show', 'ELM-B_1'),
    ];
    expect(alder.stdout).toMatch(/manufacturer +Alder \(ALDER\)/);
    expect(elm.stdout).toMatch(/manufacturer +Elm[^]*Formerly[^]*B-1 +│ 2026-03-10/);
    const history = await ctl('products', 'history', 'ELM-B_1');
    expect(history.stdout).toMatch(/ProductTransferred[^]*why: notice of the manufacturer/);
  });
});

describe('an import that is run again meanwhile', () => {
  it('is decided once that run has ended', async () => {
    const rows = Array.from({ length: 600 }, (_, n) => `Elm,E-${String(n + 1)},LFP,5,2`);
    await imported('2026-04-10', ...rows);
    const set = ['products', 'set', 'ELM-E_1', 'EnergyCapacityNominal=6kWh', ...reason];
    expect(await ctl(...set)).toMatchObject({ exitCode: 0 });
    const changed = ['Elm,E-1,LFP,5.5,2', ...rows.slice(1)];
    const { stdout } = await imported('2026-04-11', ...changed);
    const id = stdout.trimEnd().split(' ').at(-1) ?? '';
    const again = ['import', 'products', join(root, 'list-2026-04-11.csv'), '--no-wait'];
    expect(await ctl(...again)).toMatchObject({ exitCode: 0 });
    const decided = await ctl('--json', 'review', 'accept', id, '--row', '1', ...reason);
    expect([decided.exitCode, decided.stderr]).toEqual([0, '']);
    expect(JSON.parse(decided.stdout)).toMatchObject({ decided: 1, import: { run: 3 } });
  });
});
