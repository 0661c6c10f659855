import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { projectRoot } from '#testing/build.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { type CommandResult, runCtl, TestStandalone } from '#testing/standalone.js';
import { until } from '#testing/until.js';

interface Relay {
  readonly state: string;
  readonly pending: number | null;
  readonly lagSeconds: number | null;
  readonly published: number;
}

describeWithKafka('the relay on the command line', () => {
  const root = mkdtempSync(join(tmpdir(), 'voltrace-relay-'));
  chmodSync(root, 0o755);
  const dataDir = join(root, 'data');
  let standalone: TestStandalone;

  const ctl = (...args: string[]): Promise<CommandResult> => runCtl(dataDir, args);
  const relay = async (): Promise<Relay> =>
    JSON.parse((await ctl('--json', 'relay', 'status')).stdout) as Relay;

  beforeAll(async () => {
    const { brokers } = await sharedKafka();
    const env = { KAFKA_BROKERS: brokers, KAFKA_NAMESPACE: freshNamespace() };
    standalone = await TestStandalone.start({ dataDir, env });
  });

  afterAll(async () => {
    await standalone.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('stands still while it is paused, shows its lag, and goes on', async () => {
    await until('works', async () => (await relay()).state === 'working');
    const paused = await ctl('relay', 'pause', '--reason', 'the brokers move');
    expect(paused).toMatchObject({ exitCode: 0, stdout: 'The relay is paused.\n' });
    const again = await ctl('relay', 'pause', '--reason', 'to be sure');
    expect(again.stdout).toMatch(/^It was paused already, by \S+ at \S+: the brokers move\.$/m);
    const list = join(projectRoot, 'examples', 'battery-list.csv');
    await ctl('import', 'products', list);
    await until('lags', async () => ((await relay()).pending ?? 0) > 0);
    expect((await relay()).lagSeconds).toBeGreaterThan(0);
    const { stdout } = await ctl('relay');
    expect(stdout).toMatch(/^state\s+paused$/m);
    expect(stdout).toMatch(/^paused\s+by \S+ at \S+: the brokers move$/m);
    expect((await relay()).published).toBe(0);
    expect((await ctl('relay', 'resume')).stdout).toMatch(/^The relay is (?!paused)/);
    await until('works again', async () => (await relay()).state === 'working');
    expect((await ctl('relay', 'resume')).stdout).toMatch(/^It was not paused\.\nThe relay is w/);
    await until('published', async () => (await relay()).pending === 0);
    expect((await relay()).published).toBeGreaterThan(0);
  });

  it('asks before it resets, and knows its topics', async () => {
    const topic = 'voltrace.product-registry.v1';
    const unasked = await ctl('relay', 'reset', topic, '--reason', 'to see');
    expect(unasked.exitCode).toBe(2);
    expect(unasked.stderr).toContain('--yes goes on without asking');
    const unknown = await ctl('relay', 'reset', 'weather', '--reason', 'to see', '--yes');
    expect(unknown.stderr).toContain('the relay has no topic weather');
    expect((await ctl('relay', 'reset', topic, '--reason', 'to see', '--yes')).exitCode).toBe(0);
  });
});
