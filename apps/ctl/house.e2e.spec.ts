import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { wallNow } from '#kernel/wall-clock.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
const house = 'simulated-house';
const meter = `${house}/egauge`;
let standalone: TestStandalone;

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);
const ok = async (...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await ctl(...args);
  if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${String(exitCode)}: ${stderr}`);
  return stdout;
};
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await ok('--json', ...args)) as T;

const dayMs = 86_400_000;
const yesterday = new Date(wallNow() - dayMs).toISOString().slice(0, 10);

interface Buckets {
  readonly buckets: readonly Readonly<Record<string, number>>[];
}

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
  await ok('simulate', 'site', '--once');
  // What is acknowledged is in the log, and in the read model a moment later.
  await eventually(async () => {
    const { items } = await json<{ items: object[] }>('samples', 'latest', meter);
    expect(items).toHaveLength(8);
  });
});
afterAll(async () => {
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('a simulated house', () => {
  it('is seen by name, as samples, as buckets and as a picture', async () => {
    const range = ['--from', `${yesterday}T12:00:00Z`, '--to', `${yesterday}T12:03:00Z`];
    const samples = await json<{ items: { value: number }[] }>(
      ...['samples', 'show', meter, 'A.Solar', ...range],
    );
    expect(samples.items).toHaveLength(3);
    const hours = await ok(
      ...['samples', 'show', meter, 'A.Solar', '--day', yesterday, '--bucket', '6h', '--fn', 'max'],
    );
    expect(hours).toMatch(/max kW/);
    expect(hours.split('\n').filter((line) => line.includes(yesterday))).toHaveLength(4);
    const picture = await ok('samples', 'plot', meter, 'A.Solar', '--day', yesterday);
    expect(picture).toMatch(/^A\.Solar: twa, kW\n.*[⠁-⣿]/u);
    expect(picture).toContain('144 buckets; of minute; ');
    const csv = await ok('samples', 'show', meter, 'A.Solar', ...range, '--csv');
    expect(csv.trim().split('\r\n')).toHaveLength(4);
  });

  it('has the sixteen formulas, which say what its car took', async () => {
    expect(await ok('formulas', 'house', house, '--reason', 'a new house')).toContain(
      '16 formulas defined.',
    );
    const day = ['--day', yesterday, '--bucket', 'P1D', '--tz', 'UTC'];
    const one = async (name: string, fn: string): Promise<Buckets['buckets'][number]> =>
      (await json<Buckets>('formulas', 'values', house, name, ...day, '--fn', fn)).buckets[0] ?? {};
    // It charges from midnight on, and comes home once.
    expect(await one('ev_event_count', 'sum')).toMatchObject({ sum: 2 });
    const { sum: energy = 0 } = await one('ev_charge_energy', 'sum');
    const { integral: fromMeter = 0 } = await one('ev', 'integral');
    expect(energy / 1e6 / fromMeter).toBeCloseTo(1, 1);
    const { first } = await one('ev_charge_duration', 'first');
    expect(first).toBeGreaterThan(3_600_000);
    const picture = await ok('formulas', 'plot', house, 'solar', '--day', yesterday);
    expect(picture).toMatch(/^solar: twa, kW\n/);
    const missing = await ctl('formulas', 'house', house, '--meter', 'other');
    expect([missing.exitCode, missing.stdout]).toEqual([
      1,
      expect.stringContaining('expected a device of the site, and not other'),
    ]);
    expect(missing.stdout).toContain('7 formulas defined.');
  });

  it('keeps the versions of a formula, with who defined each and why', async () => {
    await ok('formulas', 'define', house, 'net', 'analytics.solar - analytics.load');
    const better = 'analytics.solar - analytics.load - analytics.ev';
    await ok('formulas', 'define', house, 'net', better, '--reason', 'the car was forgotten');
    await eventually(async () => {
      const history = await ok('formulas', 'history', house, 'net');
      expect(history).toMatch(/FormulaRevised.*\n {2}why: the car was forgotten\n/);
    });
    expect(await ok('formulas', 'show', house, 'net')).toContain(better);
    const of = ['formulas', 'values', house, 'net', '--day', yesterday, '--bucket', 'day'];
    const [now, then] = [
      await json<Buckets>(...of, '--fn', 'min'),
      await json<Buckets>(...of, '--fn', 'min', '--formula-version', '1'),
    ];
    expect(now.buckets[0]?.['min']).toBeLessThan(then.buckets[0]?.['min'] ?? -Infinity);
    await ok('formulas', 'withdraw', house, 'net', '--reason', 'not used');
    await eventually(async () => {
      expect(await ok('formulas', 'list', house)).toMatch(/net .*withdrawn/);
    });
  });

  it('is read by the days of its site, which has a name and a zone of its own', async () => {
    await ok('sites', 'add', 'lake', '--time-zone', 'America/Los_Angeles');
    await eventually(() => ok('devices', 'add', 'meter', '--site', 'lake', '--name', 'm'));
    await eventually(() =>
      ok('devices', 'declare-series', 'lake/m', 'P', '--interval-ms', '3600000'),
    );
    const rows = Array.from({ length: 72 }, (_, hour) => {
      const at = new Date(Date.parse('2026-03-07T00:00:00Z') + hour * 3_600_000);
      return `${at.toISOString()},${String(hour)}\n`;
    });
    const file = join(root, 'p.csv');
    writeFileSync(file, `time,P\n${rows.join('')}`);
    await ok('samples', 'import', 'lake/m', file);
    // The clocks go forward that day.
    const day = ['--day', '2026-03-08'];
    const of = ['samples', 'show', 'lake/m', 'P', ...day];
    await eventually(async () => {
      const { items } = await json<{ items: { at: string }[] }>(...of);
      expect(items).toHaveLength(23);
      expect(items[0]?.at).toBe('2026-03-08T08:00:00.000Z');
    });
    const utc = await json<{ items: object[] }>(...of, '--tz', 'UTC');
    expect(utc.items).toHaveLength(24);
    const picture = await ok('samples', 'plot', 'lake/m', 'P', ...day);
    expect(picture).toContain('138 buckets');

    expect(await ok('samples', 'gaps', 'lake/m', 'P', ...day)).toContain('Nothing found.');
    const after = ['--day', '2026-03-10'];
    expect(await ok('samples', 'gaps', 'lake/m', 'P', ...after)).toContain(' 86400 ');
    expect(await ok('devices', 'stale', '--site', 'lake')).toMatch(/ P .* 71 /);
    expect(await ok('intake', '--device', 'lake/m')).toMatch(/ http .* 72 /);
    expect(await ok('devices', 'series', 'lake/m')).toContain('3600000');
    expect(await ok('devices', 'attachments', 'lake/m')).toContain(' m ');
    expect(await ok('devices', 'show', 'lake/m')).toMatch(/name +m\n/);

    await ok('devices', 'rename', 'lake/m', '--name', 'pier');
    await ok('sites', 'rename', 'lake', 'sea', '--reason', 'it is salty');
    await eventually(async () => {
      expect(await ok('devices', 'history', 'sea/pier')).toContain('/attached/name: m -> pier');
    });
    await ok('sites', 'set-time-zone', 'sea', 'UTC');
    await eventually(async () => {
      expect(await ok('sites', 'history', 'sea')).toMatch(/SiteRenamed.*\n {2}why: it is salty\n/);
      expect((await json<{ items: object[] }>(...of.with(2, 'sea/pier'))).items).toHaveLength(24);
    });
    await ok('devices', 'retire', 'sea/pier');
    await ok('sites', 'retire', 'sea');
    expect(await ok('sites', 'show', 'sea')).toMatch(/status +retired/);
  });

  it('is followed as its samples come, until that is interrupted', async () => {
    const before = await json<{ position: string }>('sites', 'add', 'pond', '--time-zone', 'UTC');
    const at = `${yesterday}T12:00:00.000Z`;
    await ok('samples', 'correct', meter, 'A.Load', at, '0.5', '--reason', 'misread');
    const live = ['samples', 'live', meter, 'A.Load,A.EV', '--from', before.position];
    const plain = await runCtl(dataDir, live, {}, (stdout) => stdout.includes('\n'));
    expect(plain).toEqual({
      exitCode: null,
      stdout: `${at}  A.Load  0.5  corrected\n`,
      stderr: '',
    });
    const { stdout } = await runCtl(dataDir, ['--json', ...live], {}, (text) =>
      text.includes('\n'),
    );
    expect(JSON.parse(stdout)).toMatchObject({ samples: [{ series: 'A.Load', value: 0.5 }] });
  });

  it('is put right, and loses what is not to be kept', async () => {
    const at = `${yesterday}T12:00:00Z`;
    await ok('samples', 'correct', meter, 'A.Solar', at, '9.5', '--reason', 'misread');
    const range = ['--from', at, '--to', `${yesterday}T12:01:00Z`];
    const values = async () =>
      (
        await json<{ items: { value: number }[] }>('samples', 'show', meter, 'A.Solar', ...range)
      ).items.map(({ value }) => value);
    await eventually(async () => {
      expect(await values()).toEqual([9.5]);
    });
    const before = ['--before', `${yesterday}T13:00:00Z`];
    await ok('samples', 'expire', meter, 'A.Solar', ...before, '--reason', 'no room');
    await eventually(async () => {
      expect(await values()).toEqual([]);
    });
    await ok('samples', 'retain', meter, 'A.Solar', '--days', '400', '--reason', 'the law');
    const late = await ctl('samples', 'correct', meter, 'A.Solar', at, '1', '--reason', 'x');
    expect([late.exitCode, late.stderr]).toEqual([1, expect.stringContaining('SAMPLES_EXPIRED')]);
  });

  it.each([
    [['samples', 'show', 'nowhere/egauge', 'A'], 1, 'There is no site nowhere.'],
    [['samples', 'show', `${house}/nothing`, 'A'], 1, `There is no device ${house}/nothing.`],
    [['samples', 'plot', meter, 'A', '--day', 'today'], 2, '--day is "today"; expected a date'],
    [
      ['samples', 'plot', meter, 'A', '--day', '2011-12-30', '--tz', 'Pacific/Apia'],
      ...([2, 'there was no such day in Pacific/Apia'] as const),
    ],
    [['devices', 'stale', '--intervals', 'x'], 2, "'--intervals <n>' argument 'x' is invalid"],
    [
      ['samples', 'correct', meter, 'A.Solar', 'now', 'one', '--reason', 'x'],
      ...([2, '"one" is no JSON'] as const),
    ],
    [['formulas', 'history', house, 'nothing'], 1, 'The site has no formula nothing.'],
    [['formulas', 'define', house, 'x', 'egauge.A.Solar +'], 1, 'at character 17: expected'],
  ] as const)('refuses %j with a message', async (args, exitCode, message) => {
    const refused = await ctl(...args);
    expect([refused.exitCode, refused.stderr]).toEqual([
      exitCode,
      expect.stringContaining(message),
    ]);
  });
});

describe('a simulated cycler', () => {
  it('defines a profile that follows a drive cycle from a file', async () => {
    const file = join(root, 'us06.csv');
    writeFileSync(file, 'time_s,current_a\n0,0\n1,-2.5\n2,1\n');
    writeFileSync(join(root, 'program.txt'), 'Follow "us06" times 2\n');
    const add = ['lab', 'profiles', 'add', 'us06', '--drive', file, join(root, 'program.txt')];
    expect(await ctl(...add)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await ctl('lab', 'profiles', 'add', 'none')).toMatchObject({ exitCode: 2 });
    await eventually(async () => {
      const program = await json<object>('lab', 'profiles', 'program', 'us06');
      expect(JSON.stringify(program)).toContain('[1,-5]');
    });
    expect(await ok('lab', 'profiles', 'program', 'us06', '--sentences')).toContain(
      'Follow 3 points of current',
    );
  });

  it('is registered once, runs until it is interrupted, and experiments are queued on it by name', async () => {
    const simulated = ['simulate', 'cycler', '--folder', join(root, 'cycler')];
    const run = () => runCtl(dataDir, simulated, {}, (said) => said.includes('until Ctrl-C'));
    const first = await run();
    expect(first, first.stderr).toMatchObject({ exitCode: 0 });
    expect(first.stdout.match(/^New in /gm)).toHaveLength(5);
    expect(await run()).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringContaining('New in') as string,
    });
    await eventually(async () => {
      const { items } = await json<{ items: { status: string }[] }>('devices', 'credentials');
      expect(items.filter(({ status }) => status === 'revoked')).toHaveLength(1);
    });
    const on = ['--battery', 'simulated-cell', '--station', 'simulated-station'];
    for (const name of ['ten cycles', 'later', 'sooner']) {
      await ok('lab', 'experiments', 'queue', name, ...on, '--profile', 'cc-cv-ten-cycles');
    }
    const experiments = ['lab', 'experiments'];
    await eventually(() => ok(...experiments, 'move', 'sooner', '--place', '0'));
    await ok(...experiments, 'cancel', 'later', '--reason', 'not needed');
    await eventually(async () => {
      expect(await ok(...experiments, 'show', 'later')).toMatch(/status +cancelled/);
    });
    const ofStation = await ok(
      ...experiments,
      'list',
      '--station',
      'simulated-station',
      '--status',
      'cancelled',
    );
    expect(ofStation).toContain('later');
    expect(await ctl(...experiments, 'watch', 'later')).toMatchObject({
      ...{ exitCode: 1, stdout: 'cancelled\n' },
    });
    expect(await ok(...experiments, 'history', 'later')).toContain('not needed');
    expect(await ctl(...experiments, 'abort', 'sooner')).toMatchObject({ exitCode: 2 });
    expect((await ctl(...experiments, 'show', 'never')).stderr).toContain(
      'There is no experiment with the name "never".',
    );
    expect((await ctl('lab', 'alarms', 'acknowledge', 'sooner')).stderr).toContain(
      'named by their ids alone',
    );
  });
});
