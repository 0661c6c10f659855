import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bdfHeader, bdfRows } from '#battery-lab/file/bdf-writer.js';
import {
  batteryCases,
  casesFolder,
  dataFolder,
  describeShared,
} from '#battery-lab/file/shared-files.fixture.js';
import { until } from '#testing/until.js';

import { ImportingLab } from './import.fixture.js';

let lab: ImportingLab;
beforeAll(async () => {
  lab = await ImportingLab.start();
}, 120_000);
afterAll(() => lab.stop());

const header = 'Test Time / s,Voltage / V,Current / A,Unix Time / s,Cycle Count / 1,Step ID / 1';
const startS = 1_777_892_340;
/** Charges and discharges in turns of 300 s, with a record each second. */
const cycling = (records: number): string => {
  const rows = Array.from({ length: records }, (_, n) => {
    const step = Math.floor(n / 300);
    const current = step % 2 === 0 ? '1.25' : '-1.25';
    return `${String(n)},3.7${String(n % 7)},${current},${String(startS + n)},${String(Math.floor(step / 2) + 1)},${String((step % 2) + 1)}`;
  });
  return `${[header, ...rows].join('\n')}\n`;
};

const written = (name: string, content: string): string => {
  const path = join(lab.folder, name);
  writeFileSync(path, content);
  return path;
};

describe('voltrace lab import', () => {
  it('shows what files would give, imports them, and shows what they gave', async () => {
    const file = written('cycler.csv', `${cycling(1_800)}1800,OVERLOAD,1,${String(startS)},4,1\n`);
    const battery = await lab.newBattery();
    const args = ['lab', 'import', file, '--battery', battery, '--name', 'history'];
    const dry = await lab.ctl(...args, '--dry-run');
    expect(dry.stderr).toBe('');
    expect(dry.stdout).toMatch(/records +1800\n/);
    expect(dry.stdout).toContain('expected a number');
    expect(dry.stdout).toContain('nothing is written');
    expect(await lab.items('/v1/experiments')).toEqual([]);
    const done = await lab.ctl(...args, '--reason', 'years of history');
    expect([done.stderr, done.exitCode]).toEqual(['', 4]);
    expect(done.stdout).toMatch(/status +imported\n/);
    expect(done.stdout).toMatch(/records +1800\n/);
    expect(done.stdout).toMatch(/│ 3 +│ 0.10(382|417) +│/);
    expect(done.stdout).not.toContain('All of them');
    const listed = await lab.ctl('lab', 'experiments', 'rejected-rows', 'history', '--csv');
    expect(listed.stdout.trim().split(/\r?\n/)).toEqual([
      'file,line,fault,reason',
      expect.stringMatching(/^cycler.csv,1802,value,/),
    ]);
    const again = await lab.ctl('--json', ...args);
    const { id } = JSON.parse(again.stdout) as { id: string };
    expect(await lab.items('/v1/experiments')).toMatchObject([{ id, status: 'imported' }]);
  }, 120_000);

  it('says of which file it is that is refused', async () => {
    const battery = await lab.newBattery();
    const bad = written('notes.csv', 'what,when\nnothing,never\n');
    const args = ['--battery', battery, '--name', 'history'];
    const refused = await lab.ctl('lab', 'import', bad, ...args);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('notes.csv: LAYOUT_UNKNOWN'),
    ]);
    const missing = await lab.ctl('lab', 'import', `${bad}.not`, ...args);
    expect(missing.exitCode).toBe(2);
  }, 60_000);

  it('imports a file in no known layout by a mapping', async () => {
    const battery = await lab.newBattery();
    const rows = Array.from({ length: 50 }, (_, n) => `${String(n)};3,7;${n < 25 ? '1' : '-1'}000`);
    const file = written('eigene.csv', `Zeit;Spannung;Strom\n${rows.join('\n')}\n`);
    const columns = [
      { column: 'Zeit', as: 'testTime', unit: 'min' },
      { column: 'Spannung', as: 'voltage' },
      { column: 'Strom', as: 'current', unit: 'mA' },
    ];
    const mapping = written('mapping.json', JSON.stringify({ columns }));
    const done = await lab.ctl(
      ...['lab', 'import', file, '--battery', battery, '--name', 'own', '--mapping', mapping],
      ...['--started-at', '2020-01-01T00:00:00Z'],
    );
    expect([done.stderr, done.exitCode]).toEqual(['', 0]);
    expect(done.stdout).toMatch(/to +2020-01-01T00:49:00.000Z/);
    expect(done.stdout).toMatch(/│ 1 +│ 0.40000 +│ 0.40000 +│/);
  }, 60_000);
});

describe('an import', () => {
  it('survives that its process is killed, with nothing doubled and nothing lost', async () => {
    const records = 90_000;
    const { body } = await lab.request([written('long.csv', cycling(records))]);
    for (const after of [1, 20, 45]) {
      await until(
        'some of it is taken in',
        async () => (await lab.chunks(body['id'])).length >= after,
        60_000,
      );
      process.kill(lab.standalone.pids['api'] ?? NaN, 'SIGKILL');
      await until(
        'the API is back',
        () =>
          lab.standalone.fetch('/health/ready').then(
            ({ status }) => status === 200,
            () => false,
          ),
        60_000,
      );
      await sleep(100);
    }
    expect(await lab.imported(body['id'])).toMatchObject({
      status: 'imported',
      import: { found: { records } },
    });
    const chunks = await lab.chunks(body['id']);
    const times = chunks.flatMap(({ testTimeS }) => testTimeS as number[]);
    expect(times).toEqual(Array.from({ length: records }, (_, n) => n));
    const history = await lab.items(`/v1/experiments/${String(body['id'])}/history`);
    expect(history.map(({ event }) => event)).toEqual([
      'ExperimentImportRequested',
      'ExperimentImported',
    ]);
    expect(await lab.cycles(body['id'])).toHaveLength(150);
  }, 300_000);

  it('of what was exported has the same records', async () => {
    const listed = (await lab.items('/v1/experiments')).find(({ name }) => name === 'history');
    const first = await lab.records(listed?.['id']);
    const file = written('export.bdf.csv', bdfHeader + bdfRows(first));
    const { body } = await lab.request([file]);
    await lab.imported(body['id']);
    await lab.cycles(body['id']);
    expect(await lab.records(body['id'])).toEqual(first);
  }, 60_000);

  it.each([
    ['is empty', '', 'EMPTY_FILE'],
    ['is binary', 'a\0b\0c\u0001\u0002', 'NOT_TEXT'],
    ['has one column', 'voltage\n3.6\n3.7\n', 'LAYOUT_UNKNOWN'],
    ['has one endless line', 'x'.repeat(3_000_000), 'ROW_TOO_LONG'],
    ['has a header alone', `${header}\n`, 'NO_ROWS'],
  ])('of a file that %s is refused', async (_, content, code) => {
    const sent = await lab.send(content, 'hostile.csv');
    expect([sent.status, sent.body['code']]).toEqual([422, code]);
  });

  it('takes no record of values that nobody could have measured', async () => {
    const rows = [
      ...['0,3.6,1,,1,1', '1e300,3.6,1,,1,1', '2,1e999,1,,1,1', '3,3.6,1,,1,2.5', '4,3.6,1,,1,-1'],
      ...['5,3.6,1,,1e300,1', '6,NaN,1,,1,1', '7,3.6,0x10,,1,1'],
    ];
    const file = written('odd.csv', `${header}\n${rows.join('\n')}\n`);
    const { body } = await lab.request([file], { startedAt: '2020-01-01T00:00:00Z' });
    expect(await lab.imported(body['id'])).toMatchObject({
      status: 'imported',
      import: { found: { records: 4, rejectedRows: 4 } },
    });
    const rejected = await lab.items(`/v1/experiments/${String(body['id'])}/rejected-rows`);
    expect(rejected.map(({ line }) => line)).toEqual([3, 4, 8, 9]);
  }, 60_000);
});

const within = (found: number | undefined, expected: number, share: number): void => {
  expect(Math.abs((found ?? NaN) / expected - 1)).toBeLessThan(share);
};

describeShared(casesFolder, 'the cases of cycler files, imported', () => {
  it.each(batteryCases().map((one) => [one.file, one] as const))(
    '%s',
    async (file, expected) => {
      const files = [file, ...(expected.stitched_with ? [expected.stitched_with] : [])];
      const asked = await lab.request(
        files.map((name) => join(casesFolder, name)),
        file.includes('.bdf.')
          ? { startedAt: '2026-10-24T20:00:00Z' }
          : { zone: expected.zone ?? 'UTC' },
      );
      expect([asked.status, asked.body]).toEqual([202, asked.body]);
      const imported = await lab.imported(asked.body['id']);
      expect(imported).toMatchObject({ status: 'imported', startedAt: '2026-10-24T20:00:00.000Z' });
      const shift = (expected.first_cycle_in_file ?? 1) - 1;
      const cycles = await lab.cycles(asked.body['id']);
      expect(
        cycles.map((cycle) => [
          String(cycle.cycle - shift),
          [cycle.chargeAh, cycle.dischargeAh, cycle.chargeWh, cycle.dischargeWh],
        ]),
      ).toEqual(
        Object.entries(expected.cycles).map(([cycle, right]) => [
          cycle,
          [right.charge_Ah, right.discharge_Ah, right.charge_Wh, right.discharge_Wh].map(
            (value) => expect.closeTo(value, 4) as unknown,
          ),
        ]),
      );
      const rejected = await lab.items(`/v1/experiments/${String(asked.body['id'])}/rejected-rows`);
      expect(rejected.map(({ line }) => line)).toEqual(expected.reported_lines ?? []);
      const { found } = imported['import'] as {
        found: { overlapping: number; warnings: readonly { what: string }[] };
      };
      expect(found.overlapping).toBe(expected.overlapping_records ?? 0);
      expect(found.warnings.map(({ what }) => what)).toEqual(expected.warnings ?? []);
    },
    60_000,
  );
});

describeShared(dataFolder, 'real files of cyclers, imported', () => {
  const tableOf = async (names: readonly string[], more: object = {}) => {
    const asked = await lab.request(
      names.map((name) => join(dataFolder, name)),
      more,
    );
    expect([asked.status, asked.body]).toEqual([202, asked.body]);
    await lab.imported(asked.body['id']);
    return lab.cycles(asked.body['id']);
  };
  const newYork = { zone: 'America/New_York' };

  it('have the second cycles that are published', async () => {
    const cs2 = (await tableOf(['calce-arbin/CS2_33_10_05_10.csv'], newYork))[1];
    within(cs2?.chargeAh, 1.0588, 0.01);
    within(cs2?.dischargeAh, 1.0648, 0.01);
    const k2 = (await tableOf(['calce-arbin/K2_016_7_3_13_1C_Cycle.csv'], newYork))[1];
    within(k2?.chargeAh, 2.0775, 0.01);
    within(k2?.dischargeAh, 2.0571, 0.01);
    const p492 = await tableOf(['rovi-batdata/p492-13-raw.csv'], newYork);
    within(p492[1]?.chargeAh, 0.02187, 0.001);
    within(p492[1]?.dischargeAh, 0.02174, 0.001);
    within(p492[3]?.chargeAh, 0.01112004 + 0.0196421, 0.001);
    expect(p492[4]?.partial).toEqual(['missing-records']);
  }, 120_000);

  it('have the same table as their twins in BDF', async () => {
    const name = 'bdf/SINTEF__LiGrR2032__2024-04-30__25degC__Landt';
    const raw = await tableOf([`${name}.csv`], { zone: 'Europe/Oslo' });
    const twin = await tableOf([`${name}.bdf.csv`], { startedAt: '2024-04-30T12:33:18.980Z' });
    const inShort = (cycles: typeof raw) =>
      cycles.map(({ cycle, partial, chargeAh, dischargeAh, chargeWh, dischargeWh }) => [
        ...[cycle, partial],
        ...[chargeAh, dischargeAh, chargeWh, dischargeWh].map((value) => value.toPrecision(4)),
      ]);
    expect(inShort(twin)).toEqual(inShort(raw));
  }, 120_000);

  it.each(['good_small', 'missing_column', 'nan_inf', 'truncated'])(
    'that are bad are refused: bad__custom_%s.csv',
    async (name) => {
      const refused = await lab.request([join(dataFolder, `cellpy/bad__custom_${name}.csv`)]);
      expect(refused).toMatchObject({ status: 422, body: { code: 'COLUMN_MISSING' } });
    },
  );
});
