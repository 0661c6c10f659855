import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';

const script = join(projectRoot, 'scripts', 'rerun-failed.mjs');
const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
const passes = "test('holds', () => {}); test.skip('waits', () => {});";
const failsOnce = `
  import { existsSync, writeFileSync } from 'node:fs';
  const tried = import.meta.filename + '.tried';
  const first = !existsSync(tried);
  writeFileSync(tried, '');
  test('holds at last', () => { if (first) throw new Error('too early'); console.log('now it does'); });
  test('holds always', () => {});
`;
const config = "export default { test: { globals: true, include: ['*.suite.js'] } };";
const failsAlways = "test('never holds', () => { throw new Error('as ever'); });";
const doesNotLoad = "throw new Error('not even loaded');";

describe('a run of tests in CI', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'voltrace-rerun-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs small suites of a project of their own. */
  const run = (name: string, suites: Readonly<Record<string, string>>) => {
    const rootDir = mkdtempSync(join(folder, `${name}-`));
    writeFileSync(join(rootDir, 'vitest.config.mjs'), config);
    for (const [suite, text] of Object.entries(suites)) {
      writeFileSync(join(rootDir, `${suite}.suite.js`), text);
    }
    return ci(rootDir, [process.execPath, vitest, 'run']);
  };
  const ci = (cwd: string, command: readonly string[]) => {
    const env = { PATH: process.env['PATH'], CI: 'true', NO_COLOR: '1' };
    const options = { cwd, env, encoding: 'utf8' } as const;
    const { status, stdout } = spawnSync(process.execPath, [script, ...command], options);
    const flaky = [...stdout.matchAll(/^FLAKY (.*)$/gm)].map(([, suite]) => suite);
    return { status, stdout, flaky, lastLine: stdout.trimEnd().split('\n').at(-1) };
  };

  it('goes on where a suite fails once, names it and shows both outputs', () => {
    const { status, stdout, flaky, lastLine } = run('once', { passes, failsOnce });
    expect(flaky).toEqual(['failsOnce.suite.js']);
    const end = stdout.slice(stdout.indexOf('FLAKY '));
    expect(end).toContain('too early');
    expect(end).toContain('now it does');
    expect(lastLine).toBe('tests: 3 passed, 0 failed, 1 skipped');
    expect(status).toBe(0);
  });

  it('goes on where a test that fails once leaves a promise behind that nobody waits for', () => {
    const leaves = failsOnce.replace(
      'throw new',
      "{ void Promise.reject(new Error('left')); await new Promise((on) => setTimeout(on, 50)); } if (first) throw new",
    );
    const { status, flaky } = run('leaves', {
      passes,
      leaves: leaves.replace('() => { if', 'async () => { if'),
    });
    expect([status, flaky]).toEqual([0, ['leaves.suite.js']]);
    const alone = "test('holds', () => { void Promise.reject(new Error('left')); });";
    expect(run('leaves-alone', { alone })).toMatchObject({ status: 1, flaky: [] });
  });

  it('fails where a suite fails twice or does not load, whatever passed the second time', () => {
    const { status, flaky, lastLine } = run('twice', { failsOnce, failsAlways, doesNotLoad });
    expect(flaky).toEqual(['failsOnce.suite.js']);
    expect(lastLine).toBe('tests: 2 passed, 2 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it('fails where the runner itself ends, or a worker with its suite', () => {
    const ends = [process.execPath, '-e', 'process.exit(7)', '--'];
    expect(ci(folder, ends)).toMatchObject({ status: 7 });
    const aborts = `${passes} process.kill(process.pid, 'SIGKILL');`;
    expect(run('aborts', { aborts })).toMatchObject({ status: 1, flaky: [] });
    expect(run('aborts-beside', { aborts, failsOnce })).toMatchObject({ status: 1, flaky: [] });
  });
});
