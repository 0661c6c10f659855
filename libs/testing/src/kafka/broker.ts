import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { FolderInUse, FolderLock } from '#embedded/folder-lock.js';
import { freePort, portProblem } from '#embedded/free-port.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { sendSignal } from '#embedded/processes.js';

import {
  type BrokerSettings,
  formatDataFolder,
  type Member,
  newClusterId,
  writeSettings,
} from './data-folder.js';
import { guardBroker, type GuardOptions } from './guard.js';
import { fetchKafka, type KafkaPrograms } from './programs.js';
import { waitUntilUsable } from './wait-until-usable.js';

export interface BrokerOptions extends GuardOptions {
  /** Holds all of the broker's files. Formatted when it is new, used as it is otherwise. */
  readonly folder: string;
  /** On 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** Which one of several brokers it is. Default: the only one. Of several, each waits for the others. */
  readonly member?: Member;
  /** Default `<folder>/broker.log`; appended to. */
  readonly logFile?: string;
  /** True: the current process does not end by itself while the broker runs. Default false. */
  readonly keepsParentAlive?: boolean;
  /** For the JVM, beside ours. */
  readonly javaOptions?: readonly string[];
  /** Broker settings that differ from ours. */
  readonly settings?: BrokerSettings;
}

export interface BrokerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Launch {
  readonly programs: KafkaPrograms;
  readonly options: BrokerOptions;
  readonly port: number;
  readonly member: Member;
  readonly logFile: string;
}

/** A running Apache Kafka broker of our own: one KRaft node. It ends with the process that started it. */
export class KafkaBroker {
  private constructor(
    private readonly launch: Launch,
    private running: RunningBroker,
  ) {}

  /** Tries other ports when a free one was lost before the broker bound it. */
  static async start(options: BrokerOptions): Promise<KafkaBroker> {
    const programs = await fetchKafka();
    const logFile = options.logFile ?? join(options.folder, 'broker.log');
    for (let attempt = 1; ; attempt++) {
      const lock = await lockOf(options.folder);
      try {
        const port = await portFor(options.port);
        const member = options.member ?? (await onlyMember(port));
        const launch: Launch = { programs, options, port, member, logFile };
        await formatDataFolder(programs, options.folder, port, member);
        return new KafkaBroker(launch, await launched(launch, lock));
      } catch (error) {
        lock.release();
        const log = error instanceof BrokerStartError ? error.log : '';
        if (log.includes('Failed to acquire lock')) throw folderInUse(options.folder);
        // The others of a cluster know the port of its controller by now.
        const isLast = attempt === 10 || options.member !== undefined;
        if (!log.includes('failed to bind') || isLast) throw error;
        if (options.port !== undefined) throw takenPort(options.port);
      }
    }
  }

  /** For a client's list of brokers and for `KAFKA_BROKERS`; stays the same over restarts. */
  get brokers(): string {
    return addressOf(this.launch.port);
  }

  get port(): number {
    return this.launch.port;
  }

  /** As the cluster's metadata name it. */
  get nodeId(): number {
    return this.launch.member.nodeId;
  }

  get folder(): string {
    return this.launch.options.folder;
  }

  get logFile(): string {
    return this.launch.logFile;
  }

  get pid(): number {
    return this.running.process.pid ?? NaN;
  }

  get isRunning(): boolean {
    return !this.running.hasEnded;
  }

  /** Resolves when the broker that runs now ends, for whatever reason. */
  get ended(): Promise<BrokerEnd> {
    return this.running.ended;
  }

  /** Sends a signal; resolves when the broker is gone, or at once for SIGSTOP and SIGCONT. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.gone();
  }

  /** Closes its files and ends, also when it is frozen; by force after `timeoutMs`. */
  async stop(timeoutMs = 20_000): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), timeoutMs);
    await this.gone().finally(() => clearTimeout(timer));
  }

  /** Starts again on the same data and port, after `stop` or `kill` or instead of them. Resolves when it is usable. */
  async restart(): Promise<void> {
    await this.stop();
    this.running = await launched(this.launch, await lockOf(this.folder));
  }

  /** A running broker does not keep us from ending, a broker that we wait for does. */
  private async gone(): Promise<void> {
    this.running.process.ref();
    await this.ended;
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.isRunning) sendSignal(this.pid, signal);
  }
}

/**
 * Starts a broker and resolves when clients can use it, transactions and groups included. Throws
 * `NeedsOperator` where only a person can help (no Java, no Maven, a taken port), else an Error.
 */
export function startKafkaBroker(options: BrokerOptions): Promise<KafkaBroker> {
  return KafkaBroker.start(options);
}

interface RunningBroker {
  readonly process: ChildProcess;
  readonly ended: Promise<BrokerEnd>;
  readonly hasEnded: boolean;
}

/** What the broker wrote before it ended. */
export class BrokerStartError extends Error {
  constructor(
    logFile: string,
    readonly log: string,
  ) {
    const telling = log.split('\n').find((line) => / (ERROR|FATAL) /.test(line)) ?? log.slice(-500);
    super(`Kafka did not start: ${telling.trim() || 'it said nothing'} (log: ${logFile})`);
  }
}

/** The lock is given back when the broker has ended. */
async function launched(launch: Launch, lock: FolderLock): Promise<RunningBroker> {
  const from = sizeOf(launch.logFile);
  let running: RunningBroker | undefined;
  try {
    running = spawned(launch);
    const { process: broker, ended } = running;
    void ended.then(() => lock.release());
    guardBroker(broker, launch.options);
    if (broker.pid !== undefined) lock.shareWith(broker.pid);
    letGo(broker);
    await waitUntilUsable(addressOf(launch.port), () => {
      if (running?.hasEnded) throw new BrokerStartError(launch.logFile, logSince(launch, from));
    });
    if (launch.options.keepsParentAlive !== true) broker.unref();
    return running;
  } catch (error) {
    running?.process.kill('SIGKILL');
    await running?.ended;
    lock.release();
    throw error;
  }
}

/**
 * In a session of its own: Ctrl-C in the terminal is ours to pass on. Touches nothing before
 * `letGo`, and ends if we do: a broker without a guard, or on a folder that is not locked for it,
 * would be one that nobody knows of.
 */
function spawned({ programs, options, port, member, logFile }: Launch): RunningBroker {
  const settings = writeSettings(options.folder, port, member, options.settings);
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  try {
    const megabytes = member.controllers.size === 1 ? 384 : 256;
    const heap = [
      '-Xms128m',
      `-Xmx${megabytes}m`,
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
    ];
    const more = ['-XX:TieredStopAtLevel=1', ...(options.javaOptions ?? [])];
    const java = [programs.java, ...programs.javaOptions, ...heap, ...more];
    const child = spawn(
      '/bin/sh',
      ['-c', 'read -r go && exec "$@" </dev/null', 'sh', ...java, 'kafka.Kafka', settings],
      { cwd: options.folder, stdio: ['pipe', log, log], detached: true },
    );
    return watched(child);
  } finally {
    closeSync(log);
  }
}

function letGo({ stdin }: ChildProcess): void {
  // It may have been killed already.
  stdin?.on('error', () => undefined);
  stdin?.end('go\n');
}

function watched(child: ChildProcess): RunningBroker {
  const state = { hasEnded: false };
  const ended = new Promise<BrokerEnd>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      state.hasEnded = true;
      resolve({ code, signal });
    };
    child.once('exit', end);
    child.once('error', () => end(null, null));
  });
  return {
    process: child,
    ended,
    get hasEnded() {
      return state.hasEnded;
    },
  };
}

async function portFor(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await portProblem('127.0.0.1', wanted))) throw takenPort(wanted);
  return wanted ?? freePort();
}

async function onlyMember(port: number): Promise<Member> {
  const controllers = new Map([[1, await freePort([port])]]);
  return { nodeId: 1, clusterId: newClusterId(), controllers };
}

function takenPort(port: number): NeedsOperator {
  return new NeedsOperator(`Port ${port} on 127.0.0.1 is taken: Kafka cannot listen there.`);
}

/** Kafka's own lock comes too late: its controller writes to the data of the other broker before. */
async function lockOf(folder: string): Promise<FolderLock> {
  try {
    return await FolderLock.take(folder);
  } catch (error) {
    throw error instanceof FolderInUse ? folderInUse(folder) : error;
  }
}

function folderInUse(folder: string): NeedsOperator {
  return new NeedsOperator(
    `A broker already runs on ${folder} (it ends some seconds after the process that started it): stop it first.`,
  );
}

function addressOf(port: number): string {
  return `127.0.0.1:${port}`;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function logSince({ logFile }: Launch, from: number): string {
  return readFileSync(logFile).subarray(from).toString('utf8');
}
