import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';
import { afterAll, expect, it } from 'vitest';

import { AppProcess } from '#embedded/app-process.js';
import { identityOf, sendSignal, waitForEnd } from '#embedded/processes.js';

import { compiledRoot } from '../build.js';
import { runFolder } from '../run-folder.js';
import { startKafkaBroker } from './broker.js';
import { describeWithKafkaPrograms } from './describe-with-kafka.js';
import { makeTopic } from './topics.js';

interface Foreground {
  readonly app: AppProcess;
  /** Resolves with `host:port` when the broker is ready. */
  readonly brokers: Promise<string>;
}

describeWithKafkaPrograms('npm run kafka', () => {
  const dataDir = mkdtempSync(join(runFolder(), 'npm-run-kafka-'));
  const apps: AppProcess[] = [];
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    rmSync(dataDir, { recursive: true, force: true });
  });

  function start(args: string[] = []): Foreground {
    const script = join(compiledRoot, 'libs/testing/src/kafka/main.js');
    let ready: (brokers: string) => void;
    const brokers = new Promise<string>((resolve) => (ready = resolve));
    const app = new AppProcess({
      script,
      args,
      env: { ...process.env, VOLTRACE_DATA_DIR: dataDir },
      onLine: (line) => {
        const address = /^KAFKA_BROKERS=(.*)/.exec(line)?.[1];
        if (address !== undefined) ready(address);
      },
      keepsParentAlive: false,
    });
    apps.push(app);
    return { app, brokers };
  }

  function brokerOf(folder: string): { pid: number; port: number } {
    return JSON.parse(readFileSync(join(folder, 'kafka', 'broker.json'), 'utf8')) as {
      pid: number;
      port: number;
    };
  }

  const logOf = (folder: string): string =>
    readFileSync(join(folder, 'kafka', 'broker.log'), 'utf8');

  /** What a second broker in its folder would do. One that is stopped soon may still be registering. */
  const faultsIn = (log: string): string[] =>
    log
      .split('\n')
      .filter((line) => / (ERROR|FATAL) /.test(line) && !line.includes('CONTROLLER_REGISTRATION'));

  /** The shell that ends a broker with its parent: the id of the broker is its first argument. */
  function guardOf(pid: number): number {
    const isGuard = new RegExp(`^/bin/sh -c .* sh ${pid} *$`, 's');
    const guard = commandLines().find(({ command }) => isGuard.test(command));
    if (!guard) throw new Error(`nobody guards the broker ${pid}`);
    return guard.pid;
  }

  async function topicIsMade(brokers: string, topic: string): Promise<void> {
    const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await makeTopic(admin, { topic, numPartitions: 1 });
    await admin.disconnect();
  }

  it('runs one broker per folder, on the same port again, and never without its parent', async () => {
    const first = start();
    const address = await first.brokers;
    const broker = identityOf(brokerOf(dataDir).pid)!;

    const others = [start(), start(['--port', address.split(':')[1]!]), start()];
    for (const { app } of others) {
      expect((await app.ended).code).toBe(1);
      expect(app.output.split('\n').at(-1)).toMatch(/^A broker already runs on .*kafka/);
    }
    // What a second broker did to the files of the first, that one noticed within seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await topicIsMade(address, 'after-the-others');
    expect(first.app.isRunning).toBe(true);
    expect(logOf(dataDir).match(/Kafka Server started/g)).toHaveLength(1);
    expect(faultsIn(logOf(dataDir))).toEqual([]);

    // The guard ends the broker some time later only: when it is awake again, here.
    const guard = guardOf(broker.pid);
    sendSignal(guard, 'SIGSTOP');
    try {
      first.app.signal('SIGKILL');
      await first.app.ended;
      await expect(startKafkaBroker({ folder: join(dataDir, 'kafka') })).rejects.toThrow(
        /^A broker already runs on .*kafka/,
      );
    } finally {
      sendSignal(guard, 'SIGCONT');
    }
    expect(await waitForEnd(broker, 60_000)).toBe(true);

    const last = start();
    expect(await last.brokers).toBe(address);
    expect(await last.app.stop(90_000)).toEqual({ code: 0, signal: null });
    expect(last.app.output.split('\n').at(-1)).toBe('Kafka has stopped.');
    expect(faultsIn(logOf(dataDir))).toEqual([]);
    expect(identityOf(brokerOf(dataDir).pid)).toBeUndefined();
  });

  it('says in one sentence that a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const { app } = start(['--port', String(port)]);
    expect(await app.ended).toMatchObject({ code: 1 });
    expect(app.output.split('\n').at(-1)).toBe(
      `Port ${port} on 127.0.0.1 is taken: Kafka cannot listen there.`,
    );
    taken.close();
  });
});

function commandLines(): { pid: number; command: string }[] {
  if (process.platform !== 'linux') {
    const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' });
    return [...all.matchAll(/^ *(\d+) (.*)$/gm)].map(([, pid, command = '']) => {
      return { pid: Number(pid), command };
    });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: commandLineOf(name) }));
}

/** Empty for a process that has just ended. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
