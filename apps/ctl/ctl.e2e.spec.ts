import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually, until } from '#testing/until.js';
import { workbookOfTexts } from '#workbook/testing/make-workbook.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-ctl-'));
chmodSync(root, 0o755);
const dataDir = join(root, 'data');
let standalone: TestStandalone;

const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);
const json = async <T>(...args: string[]): Promise<T> => {
  const { exitCode, stdout, stderr } = await ctl('--json', ...args);
  if (exitCode !== 0 && exitCode !== 4) throw new Error(`${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as T;
};

interface ImportAnswer {
  readonly id: string;
  readonly state: string;
  readonly rows: Record<'total' | 'accepted' | 'unchanged' | 'rejected' | 'needsReview', number>;
}

beforeAll(async () => {
  standalone = await TestStandalone.start({ dataDir });
});
afterAll(async () => {
  await standalone.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the command line', () => {
  const list = join(projectRoot, 'examples', 'battery-list.csv');
  const header = 'Manufacturer,Model Number,Chemistry,Capacity (kWh),Discharge Rate (kW)';

  it('loads lists and accounts for every row', async () => {
    const codes = join(projectRoot, 'examples', 'manufacturers.csv');
    const makers = await json<ImportAnswer>('import', 'manufacturers', codes);
    expect(makers.state).toBe('completed');
    const dry = await json<ImportAnswer>('import', 'products', list, '--dry-run');
    const done = await json<ImportAnswer>('import', 'products', list);
    const { total, accepted, unchanged, rejected, needsReview } = done.rows;
    expect(total).toBeGreaterThan(0);
    expect(accepted + unchanged + rejected + needsReview).toBe(total);
    expect(dry.rows).toEqual(done.rows);
    const again = await json<ImportAnswer>('import', 'products', list);
    expect(again.rows).toMatchObject({ total, accepted: 0 });
  });

  it('tells by its exit code that rows are open, shows them, and redoes them', async () => {
    const again = await ctl('import', 'products', list);
    expect(again.exitCode).toBe(4);
    expect(again.stdout).toContain('The first rows that are open');
    const { id, rows } = await json<ImportAnswer>('import', 'products', list);
    const rejected = await json<{ items: object[] }>('import', 'rows', id, '--outcome', 'rejected');
    expect(rejected.items).toHaveLength(rows.rejected);
    const one = await ctl('import', 'rows', id, '--limit', '1');
    expect(one.stderr).toBe('There are more: a higher --limit shows them.\n');
    const retried = await json<ImportAnswer>('import', 'retry', id, '--reason', 'once more');
    expect(retried).toMatchObject({ id, state: 'completed', rows: { total: rows.total } });
    expect((await ctl('import', 'list')).stdout).toContain(id);
  });

  it('loads a workbook, and names what of it was not read', async () => {
    const file = join(root, 'list.xlsx');
    const List = `${header},Colour\nSheet Maker,S-1,LFP,1,1,red`;
    writeFileSync(file, workbookOfTexts({ Notes: 'Read me first', List }));
    const unread =
      /sheet +List\s[^]*sheets not read +Notes\s[^]*columns not read +Colour \(1 rows\)/;
    expect((await ctl('import', 'products', file, '--dry-run')).stdout).toMatch(unread);
    expect((await ctl('import', 'products', file)).stdout).toMatch(unread);
  });

  it('cancels an import, and shows who did and why', async () => {
    const file = join(root, 'long.csv');
    const rows = Array.from({ length: 2_000 }, (_, n) => `Long ${n % 9},L-${n},LFP,1,1\n`);
    writeFileSync(file, `${header}\n${rows.join('')}`);
    const { id } = await json<ImportAnswer>('import', 'products', file, '--no-wait');
    const cancelled = await ctl('import', 'cancel', id, '--reason', 'too long');
    expect(cancelled).toMatchObject({ exitCode: 0, stderr: '' });
    expect(cancelled.stdout).toMatch(/state +cancelled/);
    await eventually(async () => {
      expect((await ctl('import', 'show', id)).stdout).toMatch(/cancelled by[^]*reason +too long/);
    });
  });

  it('fails with 1 on a file that is no list, and with 2 on one that is not there', async () => {
    const file = join(root, 'broken.csv');
    writeFileSync(file, 'nothing,that,anybody\nknows,as,a list\n');
    const broken = await ctl('import', 'products', file);
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout + broken.stderr).toMatch(/failed/);
    expect((await ctl('import', 'products', join(root, 'absent.csv'))).exitCode).toBe(2);
  });

  it('finds, shows, corrects and explains a product', async () => {
    const { items } = await json<{ items: { id: string; code: string; position: string }[] }>(
      'products',
      'find',
      '--limit',
      '1',
    );
    const { code, position } = items[0]!;
    expect((await ctl('products', 'find')).stdout).toContain(code);
    expect((await ctl('products', 'find', '--csv')).stdout.split('\n')[0]).toContain(
      'EnergyCapacityNominal',
    );
    const set = await ctl('products', 'set', code, 'Mass=12.50kg', '--reason', 'weighed it');
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    // Nobody waits for the read model.
    await eventually(async () => {
      const now = await json<{ elements: Record<string, object> }>('products', 'show', code);
      expect(now.elements['Mass']).toMatchObject({ value: '12.50', unit: 'kg' });
    });
    const then = await json<{ elements: Record<string, object> }>(
      'products',
      'show',
      code,
      '--as-of',
      `@${position}`,
    );
    expect(then.elements['Mass']).toBeUndefined();
    const history = await ctl('products', 'history', code);
    expect(history.stdout).toContain('weighed it');
    expect(history.stdout).toMatch(/ by first admin [0-9a-f]{8} \(/);
    expect(history.stdout).toContain('/elements/Mass/value');
  });

  it('registers a battery with what the registry says of its product, and lists it there', async () => {
    const { items } = await json<{ items: { code: string }[] }>('products', 'find', 'juniper');
    const { code } = items[0]!;
    const stated = ['VoltageDCNom=51.2V', 'VoltageDCMin=44.8V', 'VoltageDCMax=57.6V'];
    await json('products', 'set', code, ...stated, '--reason', 'data sheet');
    const propose = () => ctl('lab', 'batteries', 'propose', code);
    await eventually(async () => {
      expect((await propose()).stdout).toMatch(/voltageV.*"max":57.6.*VoltageDCMin 44.8 V/);
    });
    expect((await propose()).stdout).toMatch(/temperatureC.*open: the registry does not state/);
    const add = (...more: string[]) =>
      ctl('lab', 'batteries', 'add-proposed', code, 'pack 1', '--serial-number', 'P1', ...more);
    expect(await add()).toMatchObject({
      ...{ exitCode: 1, stderr: expect.stringContaining('/limits/temperatureC') as string },
    });
    expect(await add('--temperature', '0..45')).toMatchObject({ exitCode: 0, stderr: '' });
    await eventually(async () => {
      const list = await ctl('lab', 'batteries', 'list', '--product', code);
      expect(list.stdout).toContain('pack 1');
    });
    const experiments = await ctl('lab', 'experiments', 'list', '--product', code);
    expect(experiments).toMatchObject({ exitCode: 0, stdout: 'Nothing found.\n' });
  });

  it('prints a refusal with its code and fields, and ends with 1', async () => {
    const { items } = await json<{ items: { code: string }[] }>('products', 'find', '--limit', '1');
    const refused = await ctl(
      'products',
      'set',
      items[0]!.code,
      'Mass=12furlong',
      '--reason',
      'no',
    );
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/ELEMENTS_INVALID[^]*\/elements\/Mass\/unit/);
    expect((await ctl('products', 'show', 'NO-SUCH')).stderr).toContain('PRODUCT_UNKNOWN');
    const listed = (await ctl('products', 'show', 'JUNHS-JH_10_24_A')).stdout;
    expect(listed).toMatch(/│ DeclarationForJA12Submitted: N +│/);
    expect((await ctl('products', 'find', '--sort', 'colour')).exitCode).toBe(1);
  });

  it('replays the log, page by page', async () => {
    const all = (await ctl('events', '--category', 'product')).stdout.trim().split('\n');
    const end = JSON.parse(all.at(-1)!) as { resumeFrom: string; atEnd: boolean };
    expect(end.atEnd).toBe(true);
    const first = (await ctl('events', '--category', 'product', '--limit', '1')).stdout
      .trim()
      .split('\n');
    const { resumeFrom } = JSON.parse(first.at(-1)!) as { resumeFrom: string };
    const rest = (await ctl('events', '--category', 'product', '--from', resumeFrom)).stdout
      .trim()
      .split('\n');
    expect([first[0], ...rest.slice(0, -1)]).toEqual(all.slice(0, -1));
  });

  it('shows what follows the log, and rebuilds a projection', async () => {
    const { stdout } = await ctl('subscriptions');
    expect(stdout).toMatch(/product-catalog +│ projection │ log +│ running/);
    expect(stdout).toMatch(/assign-codes +│ process/);
    const rebuilt = await ctl('subscriptions', 'rebuild', 'product-catalog', '--reason', 'a test');
    expect(rebuilt).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('product-catalog is built: version') as unknown,
    });
    const shown = await ctl('subscriptions', 'show', 'product-catalog');
    expect(shown.stdout).toMatch(/last request +build 2 is building/);
    expect(shown.stdout).toMatch(/build-2 +│ 0 +│ running/);
    const consumer = await ctl('subscriptions', 'rebuild', 'registry-activity');
    expect(consumer).toMatchObject({ exitCode: 1 });
    expect(consumer.stderr).toContain('it has no builds, and is reset, not rebuilt');
    const unknown = await ctl('subscriptions', 'rebuild', 'nonsense');
    expect(unknown.stderr).toContain('SUBSCRIPTION_NOT_FOUND');
  });

  it('pauses a process and has it go on', async () => {
    const state = async () =>
      (await json<{ state: string }>('subscriptions', 'show', 'assign-codes')).state;
    const paused = await ctl('subscriptions', 'pause', 'assign-codes', '--reason', 'a test');
    expect(paused).toMatchObject({ exitCode: 0, stdout: 'assign-codes: paused.\n' });
    await until('it is shown as paused', async () => (await state()) === 'paused');
    const resumed = await ctl('subscriptions', 'resume', 'assign-codes');
    expect(resumed).toMatchObject({ exitCode: 0, stdout: 'assign-codes: resumed.\n' });
    await until('it runs', async () => (await state()) === 'running');
  });

  it('says what a reset means, asks, and waits until it is carried out', async () => {
    const reset = ['subscriptions', 'reset', 'registry-activity', '--to', 'start'];
    const unasked = await ctl(...reset, '--reason', 'a test');
    expect(unasked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unasked.stderr).toMatch(
      /^\d+ events will be delivered to registry-activity again, from the first one on\.\nIt forgets every count/,
    );
    const done = await ctl(...reset, '--reason', 'a test', '--yes');
    expect(done).toMatchObject({
      exitCode: 0,
      stdout: 'registry-activity: reset on source log.\n',
    });
    const refused = await ctl('subscriptions', 'drop', 'product-catalog', '99');
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: 'product-catalog: version 99 has no build.\n',
    });
  });

  it('lists what is parked, and has it handled again', async () => {
    expect((await ctl('parked')).stdout).toBe('Nothing found.\n');
    const all = ['parked', 'retry', '--subscription', 'registry-activity'];
    const none = 'No event of registry-activity is parked.\n';
    expect(await ctl(...all)).toMatchObject({ exitCode: 0, stdout: none });
    expect(await ctl(...all, '--yes')).toMatchObject({
      exitCode: 0,
      stdout: 'registry-activity: 0 handled.\n',
    });
    expect((await ctl('parked', 'retry')).exitCode).toBe(2);
    expect((await ctl('parked', 'retry', '77')).stderr).toContain('PARKED_NOT_FOUND');
  });

  it('issues a key, works with it within its role, and revokes it', async () => {
    const made = await json<{ id: string; key: string }>(
      'keys',
      'create',
      'reader',
      '--role',
      'viewer',
      '--reason',
      'a test',
    );
    const asReader = { VOLTRACE_API_KEY: made.key };
    expect((await runCtl(dataDir, ['products', 'find'], asReader)).exitCode).toBe(0);
    const denied = await runCtl(dataDir, ['keys', 'show', made.id], asReader);
    expect(denied.exitCode).toBe(1);
    expect((await ctl('keys', 'show', made.id)).stdout).toContain('viewer');
    await until('the new key is listed', async () =>
      (await ctl('keys', 'list', '--status', 'active')).stdout.includes(made.id),
    );
    expect((await ctl('keys', 'revoke', made.id, '--reason', 'done')).exitCode).toBe(0);
    expect((await runCtl(dataDir, ['products', 'find'], asReader)).exitCode).toBe(1);
  });

  it('records what a relay is to do that does not run', async () => {
    const later = 'That is recorded. The relay is not running: it does so when it starts.\n';
    const paused = await ctl('relay', 'pause', '--reason', 'the brokers move');
    expect(paused).toMatchObject({ exitCode: 0, stdout: later });
    expect(await ctl('relay', 'resume')).toMatchObject({ exitCode: 0, stdout: later });
  });

  it('ends with 2 on wrong usage and with 3 where nobody answers', async () => {
    expect((await ctl('products', 'set', 'x')).exitCode).toBe(2);
    expect((await ctl('nonsense')).exitCode).toBe(2);
    const misspelt = await ctl('relay', 'puase');
    expect(misspelt).toMatchObject({ exitCode: 2, stdout: '' });
    expect(misspelt.stderr).toContain("unknown command 'puase'");
    expect((await ctl('relay', 'status', 'x')).stderr).toContain("too many arguments for 'status'");
    expect((await ctl('--help')).exitCode).toBe(0);
    const keyFile = join(root, 'any.key');
    writeFileSync(keyFile, 'x\n');
    const anyKey = ['--key-file', keyFile];
    const nowhere = await ctl('--url', 'http://127.0.0.1:9', ...anyKey, 'products', 'find');
    expect(nowhere.exitCode).toBe(3);
    expect(nowhere.stderr).toContain('http://127.0.0.1:9 cannot be reached');
    const elsewhere = await ctl('--url', 'http://voltrace.invalid', 'products', 'find');
    expect(elsewhere).toMatchObject({ exitCode: 2 });
    expect(elsewhere.stderr).toContain('There is no API key');
  });
});
