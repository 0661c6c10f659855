import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { productCatalog } from '#projections/product-catalog/product-catalog.projection.js';
import { ReadStore } from '#read-store/read-store.js';
import { createBuild } from '#subscription/projection/builds.js';
import { databaseUrlOf } from '#test/faults/operate.js';
import { compiledRoot, projectRoot } from '#testing/build.js';
import { inheritedEnv } from '#testing/inherited-env.js';
import { describeWithKafka } from '#testing/kafka/describe-with-kafka.js';
import { freshNamespace, sharedKafka } from '#testing/kafka/shared.js';
import { runCtl, TestStandalone } from '#testing/standalone.js';
import { eventually } from '#testing/until.js';

import { ctlCommandOf, operations, quotedIn, type ShellLine, shellLinesOf } from './commands.js';

const text = operations(projectRoot);
const lines = shellLinesOf(text);
const ofKafka = ({ chapter }: ShellLine): boolean => chapter === 'Kafka';
/** An older version of the catalogue, whose tables an upgrade has left. */
const olderVersion = 1;

/** A machine of an operator: Voltrace in `.voltrace`, the folders of the system below it, and what its commands do. */
class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'voltrace-operator-'));
  readonly dataDir = join(this.folder, '.voltrace');
  private readonly placeholders = new Map<string, string>();
  private voltrace: TestStandalone | undefined;

  constructor() {
    chmodSync(this.folder, 0o755);
    mkdirSync(join(this.folder, 'etc/voltrace'), { recursive: true });
    mkdirSync(join(this.folder, 'bin'));
    // PostgreSQL has a user of its own.
    mkdirSync(join(this.folder, 'srv'), { mode: 0o755 });
    const ctl = join(compiledRoot, 'apps/ctl/main.js');
    // Whoever is asked at a terminal says yes.
    this.program(
      'npx',
      `shift; case "$2" in reset) set -- "$@" --yes;; esac; exec node ${ctl} "$@"`,
    );
    this.program('systemctl', 'exit 0');
    // A user of that name may be missing here.
    this.program('install', 'for last; do :; done; exec mkdir -p -m 700 "$last"');
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop();
    this.voltrace = await TestStandalone.start({ dataDir: this.dataDir, env });
  }

  async stop(): Promise<void> {
    await this.voltrace?.stop();
    this.voltrace = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What stands for `<name>` in a command. */
  set(name: string, value: string): void {
    this.placeholders.set(`<${name}>`, value);
  }

  /** Runs a line as it stands; rejects with what it said where it fails. */
  async run(line: string): Promise<string> {
    let command = line.replaceAll(/(?<=[ =])\/(?=(?:etc|srv|backups)\/)/g, `${this.folder}/`);
    for (const [name, value] of this.placeholders) command = command.replaceAll(name, value);
    const { PATH = '', ...env } = inheritedEnv();
    const child = spawn('bash', ['-c', command], {
      cwd: this.folder,
      env: { ...env, PATH: `${join(this.folder, 'bin')}${delimiter}${PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => (said += part));
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`${command} ended with ${String(code)}:\n${said}`);
    return said;
  }

  async json(line: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.run(line)) as Record<string, unknown>;
  }

  private program(name: string, script: string): void {
    writeFileSync(join(this.folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

/** Tables as an older version of the catalogue has left them. */
const leaveOlderTables = async (dataDir: string): Promise<void> => {
  const store = new ReadStore(databaseUrlOf(dataDir));
  try {
    const older = { ...productCatalog, version: olderVersion };
    await store.transaction((client) => createBuild(client, older, 'of then'));
  } finally {
    await store.close();
  }
};

const machine = new Machine();
afterAll(() => machine.remove());

describe('the commands of docs/operations.md', () => {
  beforeAll(async () => {
    await machine.start();
    await leaveOlderTables(machine.dataDir);
    await machine.run('npx voltrace sites add house --time-zone UTC --reason test');
    await machine.run('npx voltrace devices add egauge --site house --name egauge --reason test');
    const issued = await machine.json(
      'npx voltrace --json devices issue-credential house/egauge --reason test',
    );
    const key = await machine.json(
      'npx voltrace --json keys create old --role viewer --reason test',
    );
    machine.set('version', String(olderVersion));
    machine.set('key', String(key['id']));
    machine.set('device', 'house/egauge');
    machine.set('credential', String(issued['credential']));
  });

  it('are found', () => {
    expect(lines.filter(ofKafka).length).toBeGreaterThan(3);
    expect(lines.length).toBeGreaterThan(12);
  });

  it.each(lines.filter((line) => !ofKafka(line)).map(({ text: line }) => line))(
    '%s',
    async (line) => {
      await machine.run(line);
      // As the handbook says.
      if (line.startsWith('rm ')) await machine.start();
    },
  );

  it('leave what they say: a key and a credential that are closed, dropped tables, files of Mosquitto', async () => {
    await eventually(async () => {
      const { items: keys } = await machine.json('npx voltrace --json keys list');
      expect(keys).toContainEqual(expect.objectContaining({ name: 'old', status: 'revoked' }));
      const { items } = await machine.json('npx voltrace --json devices credentials house/egauge');
      const statuses = (items as { readonly status: string }[]).map(({ status }) => status);
      expect(statuses.sort()).toEqual(['live', 'revoked']);
    });
    const shown = await machine.json('npx voltrace --json subscriptions show product-catalog');
    expect(shown['projection']).toMatchObject({ others: [] });
    expect(await machine.run('cat /etc/mosquitto/voltrace/acl')).toContain('user');
    expect(await machine.run('wc -l < /etc/voltrace/bridge-credentials')).toContain('2');
  });

  it('are followed by a start with new keys and certificates', async () => {
    await machine.start();
    await machine.run('test -s .voltrace/supervision.key && test -s .voltrace/certificates/ca.crt');
    await machine.run('npx voltrace keys list');
  });
});

describeWithKafka('the commands of docs/operations.md on Kafka', () => {
  beforeAll(async () => {
    const { brokers } = await sharedKafka();
    await machine.start({ KAFKA_BROKERS: brokers, KAFKA_NAMESPACE: freshNamespace() });
  });

  it.each(lines.filter(ofKafka).map(({ text: line }) => line))('%s', async (line) => {
    await machine.run(line);
  });
});

describe('each command that docs/operations.md names', () => {
  const named = quotedIn(text).flatMap((quoted) => ctlCommandOf(quoted) ?? []);
  const commands = new Map(named.map((one) => [[...one.path, ...one.options].join(' '), one]));

  it.each([...commands])('%s', async (_, { path, options }) => {
    const { stdout } = await runCtl(machine.dataDir, [...path, '--help']);
    expect(stdout).toMatch(new RegExp(`^Usage: ${['voltrace', ...path].join(' ')}( |$)`, 'm'));
    for (const option of options) expect(stdout).toContain(option);
  });
});
