import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { freePort } from '#embedded/free-port.js';
import { identityOf, sendSignal } from '#embedded/processes.js';
import { blockingFolder } from '#embedded/server-user.js';
import { compiledRoot } from '#testing/build.js';
import { launchStandalone, type StandaloneOptions, TestStandalone } from '#testing/standalone.js';
import { eventually, until } from '#testing/until.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-standalone-'));
chmodSync(root, 0o755);
const running: TestStandalone[] = [];

async function start(options: StandaloneOptions): Promise<TestStandalone> {
  const standalone = await TestStandalone.start(options);
  running.push(standalone);
  return standalone;
}

interface Shown {
  readonly name: string;
  readonly source: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
}

async function isReady(standalone: TestStandalone): Promise<boolean> {
  const answer = await standalone.fetch('/health/ready').catch(() => undefined);
  return answer?.status === 200;
}

async function consumersOf(standalone: TestStandalone): Promise<readonly Shown[]> {
  const answer = await standalone.fetch('/v1/subscriptions');
  const { items } = (await answer.json()) as { items: readonly Shown[] };
  return items.filter(({ kind }) => kind === 'consumer');
}

/** Of what is on the terminal; its parts may warn at any time. */
const ownLines = ({ said }: TestStandalone): readonly string[] =>
  said.filter((line) => /^(Voltrace|Starting|Stopping) /.test(line));

const isAlive = (pid: number): boolean => identityOf(pid) !== undefined;

afterEach(async () => {
  for (const standalone of running.splice(0)) await standalone.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('npm start', () => {
  it('brings everything up, says where, and stops all of it in order, soon', async () => {
    const dataDir = join(root, 'tour');
    const startedAt = Date.now();
    const standalone = await start({ dataDir });
    const startMs = Date.now() - startedAt;
    // It is told by another channel than it is shown.
    await until('it says so', () => standalone.said.includes('  stop     Ctrl-C'));
    expect(ownLines(standalone).at(-1)).toMatch(
      /^Voltrace \d+\.\d+\.\d+ is ready: http:\/\/127\.0\.0\.1:\d+$/,
    );
    expect(standalone.said).toEqual(
      expect.arrayContaining([
        ...['postgres', 'event-node', 'projector', 'api'].map(
          (part) => expect.stringMatching(`^  ${part} +ready after \\d+\\.\\d s$`) as unknown,
        ),
        `  docs     ${standalone.url}/docs`,
        `  key      ${join(dataDir, 'admin.key')}`,
        `  data     ${dataDir}`,
      ]),
    );
    const frontPage = (accept: string) => fetch(standalone.url, { headers: { accept } });
    expect(await (await frontPage('*/*')).json()).toMatchObject({
      name: 'Voltrace',
      docs: '/docs',
    });
    const page = await frontPage('text/html,application/xhtml+xml');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('href="/docs"');
    expect((await standalone.fetch('/v1/subscriptions')).status).toBe(200);
    for (const secret of ['run.json', 'postgres.json', 'admin.key']) {
      expect(statSync(join(dataDir, secret)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(dataDir).mode & 0o007).toBe(0);
    const { pids } = standalone;
    const parts = [
      ...['api', 'consumers', 'cycler-control', 'event-node'],
      ...['mqtt-broker', 'postgres', 'projector'],
    ];
    expect(Object.keys(pids).sort()).toEqual(parts);
    const stoppedAt = Date.now();
    standalone.app.signal('SIGTERM');
    expect(await standalone.app.ended).toEqual({ code: 0, signal: null });
    // Where a start takes long, so may whatever the limits of a stop do not count.
    expect(Date.now() - stoppedAt).toBeLessThan(10_000 + startMs);
    expect(ownLines(standalone).slice(-2)).toEqual([
      'Stopping ...',
      `Voltrace has stopped; its data stays in ${dataDir}.`,
    ]);
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
  });

  it('refuses a second start on the same folder, naming the first', async () => {
    const first = await start({ dataDir: join(root, 'twice') });
    const second = launchStandalone({ dataDir: join(root, 'twice') });
    await expect(second.ready).rejects.toThrow(
      `is already running on ${join(root, 'twice')}, as process ${first.app.pid}`,
    );
    expect((await second.ended).code).toBe(1);
    expect((await first.fetch('/v1/subscriptions')).status).toBe(200);
  });

  it('names the variable when its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const blocked = launchStandalone({ dataDir: join(root, 'port'), port });
    await expect(blocked.ready).rejects.toThrow(`PORT is ${port}, and another program listens`);
    expect((await blocked.ended).code).toBe(1);
    const env = { MQTT_PORT: String(port) };
    const mqtt = launchStandalone({ dataDir: join(root, 'mqtt-port'), env });
    await expect(mqtt.ready).rejects.toThrow(`MQTT_PORT is ${port}, and nothing can listen`);
    other.close();
  });

  it('names every variable that is wrong, and no password', async () => {
    const env = {
      PORT: 'eighty',
      DATABASE_URL: 'mysql://me:hunter2@db/x',
      KAFKA_BROKERS: 'kafka://broker',
      KAFKA_SASL_MECHANISM: 'trust',
    };
    const wrong = launchStandalone({ dataDir: join(root, 'wrong'), env });
    const message = await wrong.ready.then(String, String);
    expect(message).toMatch(/PORT is "eighty"; expected: an integer/);
    expect(message).toMatch(/DATABASE_URL is .*; expected: a URL/);
    expect(message).toMatch(/KAFKA_BROKERS is "kafka:\/\/broker"; expected: host:port pairs/);
    expect(message).toMatch(/KAFKA_SASL_MECHANISM is "trust"; expected: one of plain/);
    expect(message).not.toContain('hunter2');
  });

  it('starts each part again that is killed, under the same addresses', async () => {
    const standalone = await start({ dataDir: join(root, 'killed') });
    for (const part of ['consumers', 'projector', 'event-node', 'postgres', 'api']) {
      const before = standalone.pids[part]!;
      sendSignal(before, 'SIGKILL');
      await until(`${part} is another one`, () => standalone.pids[part] !== before);
      await until(`ready without the first ${part}`, () => isReady(standalone));
    }
    expect(standalone.app.isRunning).toBe(true);
  });

  it('serves without Kafka, and says what becomes of consumers that read the log before', async () => {
    const dataDir = join(root, 'moved');
    const onLog = await start({ dataDir });
    await until('it consumes', async () => {
      return (await consumersOf(onLog)).some(({ state }) => state === 'running');
    });
    await onLog.stop();
    const env = { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` };
    const moved = await start({ dataDir, env });
    await until('ready', () => isReady(moved));
    await until('it says what to do', () =>
      moved.said.some((line) =>
        line.includes('voltrace subscriptions reset registry-activity --to start'),
      ),
    );
    await until('the relay runs', () => moved.pids['relay'] !== undefined);
    // Neither is started again and again: they wait.
    expect(moved.said.filter((line) => line.includes('started again'))).toEqual([]);
    // Noted after it was said.
    await eventually(async () => {
      for (const { name, ...consumer } of await consumersOf(moved)) {
        expect(consumer).toMatchObject({ source: 'log', state: 'stopped' });
        expect(consumer.reason).toContain(`voltrace subscriptions reset ${name}`);
      }
    });
  });

  it('leaves nothing running when it is killed, and starts again with its data', async () => {
    const dataDir = join(root, 'crash');
    const first = await start({ dataDir });
    const key = first.adminKey;
    const pids = Object.values(first.pids);
    first.app.signal('SIGKILL');
    await first.app.ended;
    const second = await start({ dataDir });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(second.adminKey).toBe(key);
    expect((await second.fetch('/v1/subscriptions')).status).toBe(200);
  });
});

const asRoot = process.getuid?.() === 0;

(asRoot ? describe : describe.skip)('npm start as an ordinary user', () => {
  const uid = 65_534;

  it('keeps everything in the data folder', async () => {
    const home = join(root, 'ordinary');
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, uid, uid);
    const script = join(compiledRoot, 'apps', 'standalone', 'main.js');
    const blocking = blockingFolder(dirname(script), { name: 'nobody', uid, gid: uid });
    if (blocking !== undefined) {
      process.stderr.write(`Not tested as an ordinary user, who may not enter ${blocking}\n`);
      return;
    }
    const child = spawn(process.execPath, [script], {
      uid,
      gid: uid,
      cwd: home,
      env: { PATH: process.env['PATH'], PORT: '0', MQTT_PORT: '0', HOME: home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('it is ready', () => said.includes('is ready: http') || child.exitCode !== null);
    expect(readdirSync(join(home, '.voltrace'))).toEqual(
      expect.arrayContaining(['admin.key', 'logs', 'postgres', 'postgres.json', 'run.json']),
    );
    expect(statSync(join(home, '.voltrace')).mode & 0o777).toBe(0o700);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

(asRoot ? describe : describe.skip)('npm start as root in a folder closed to others', () => {
  it('says where the database is kept', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    // No VOLTRACE_DATA_DIR: the default folder, .voltrace of where it is started.
    const standalone = await TestStandalone.start({
      dataDir: join(closed, '.voltrace'),
      env: { VOLTRACE_DATA_DIR: '' },
      cwd: closed,
    });
    const line = standalone.said.find((text) => text.includes('is kept in'));
    const folder = /is kept in (\S+)\/postgres,/.exec(line ?? '')?.[1] ?? '';
    expect(folder).toMatch(/^\/var\/lib\/voltrace\/[0-9a-f]{16}$/);
    await standalone.stop();
    rmSync(folder, { recursive: true });
  });
});
