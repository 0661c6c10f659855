import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { identityOf, type ProcessIdentity, stopProcess, type StopStep } from './processes.js';
import type { ServerUser } from './server-user.js';

/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (recovery at the next start). */
export const stopSteps: readonly StopStep[] = [
  ['SIGINT', 8_000],
  ['SIGQUIT', 2_000],
  ['SIGKILL', 2_000],
];

export interface ServerCommand {
  readonly program: string;
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly user: ServerUser | undefined;
  readonly logFile: string;
}

export interface SpawnedServer {
  readonly process: ChildProcess;
  readonly folder: string;
  readonly logFile: string;
  /** Where in the file its own lines begin, in bytes. */
  readonly logFrom: number;
}

const maxLogBytes = 10 * 1024 * 1024;

/** In a session of its own: Ctrl-C in the terminal is ours to pass on, in our order. */
export function spawnServer(command: ServerCommand): SpawnedServer {
  const { folder, logFile } = command;
  if (sizeOf(logFile) > maxLogBytes) renameSync(logFile, `${logFile}.1`);
  // Before it runs: a server that cannot start may have said why before we look again.
  const logFrom = sizeOf(logFile);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const settings = Object.entries(command.settings).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const server = spawn(command.program, ['-D', folder, ...settings], {
      ...(command.user && { uid: command.user.uid, gid: command.user.gid }),
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      detached: true,
    });
    return { process: server, folder, logFile, logFrom };
  } finally {
    closeSync(log);
  }
}

export interface GuardOptions {
  /** The server ends with this process instead of with the current one. */
  readonly ownerPid?: number | undefined;
  /** Removed when the guard has stopped the server. */
  readonly removeAfterwards?: string | undefined;
}

/**
 * Stops the server when the process that needs it ends, even by SIGKILL: a shell that waits for our
 * end of a pipe to close (or for the process `ownerPid` to be gone).
 */
export function guardServer(serverPid: number, options: GuardOptions): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const { ownerPid, removeAfterwards } = options;
  const script = [
    ownerPid ? `while kill -0 ${ownerPid} 2>/dev/null; do sleep 0.5; done` : 'cat >/dev/null',
    `kill -INT ${serverPid} 2>/dev/null`,
    '[ -z "$1" ] && exit',
    `while kill -0 ${serverPid} 2>/dev/null; do sleep 0.1; done`,
    'rm -rf "$1"',
  ].join('\n');
  const guard = spawn('/bin/sh', ['-c', script, 'sh', removeAfterwards ?? ''], {
    stdio: [ownerPid ? 'ignore' : 'pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  return guard;
}

/** Resolves when the server accepts connections; throws with its last log lines if it ends first. */
export async function waitUntilReady(server: SpawnedServer): Promise<void> {
  const { process: child, folder, logFile, logFrom } = server;
  const deadline = performance.now() + 60_000;
  let spawnError: Error | undefined;
  child.once('error', (error) => (spawnError = error));
  while (!isReady(child, folder)) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (spawnError ?? ended)
      throw new ServerStartError(logFile, tailOf(logFile, logFrom), spawnError);
    if (performance.now() > deadline)
      throw new ServerStartError(logFile, 'not ready within 60 s', undefined);
    await sleep(15);
  }
}

export class ServerStartError extends Error {
  constructor(
    logFile: string,
    readonly log: string,
    cause: Error | undefined,
  ) {
    super(
      `PostgreSQL did not start: ${log.trim() === '' ? (cause?.message ?? 'it said nothing') : log.trim()} (log: ${logFile})`,
      { cause },
    );
  }
}

/** The postmaster writes its id on the first and its status on the eighth line. */
function isReady(server: ChildProcess, folder: string): boolean {
  const lines = postmasterFile(folder);
  return lines?.[0] === String(server.pid) && lines[7]?.trim() === 'ready';
}

function postmasterFile(folder: string): string[] | undefined {
  try {
    return readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/** Stops what an earlier start left running on this very cluster. Returns the ids that were stopped. */
export async function stopLeftovers(folder: string): Promise<number[]> {
  const stopped: number[] = [];
  const postmaster = identityOf(Number(postmasterFile(folder)?.[0] ?? NaN));
  if (postmaster && worksIn(postmaster.pid, folder)) {
    await stopOrThrow(postmaster, folder);
    stopped.push(postmaster.pid);
  }
  for (const backend of processesIn(folder)) {
    // A killed postmaster's backends end by themselves, but only when they next look.
    await stopOrThrow(backend, folder, stopSteps.slice(1));
    stopped.push(backend.pid);
  }
  return stopped;
}

async function stopOrThrow(
  identity: ProcessIdentity,
  folder: string,
  steps = stopSteps,
): Promise<void> {
  if (await stopProcess(identity, steps)) return;
  throw new Error(
    `Process ${identity.pid} of an earlier start still uses ${folder} and cannot be stopped. End it and start again.`,
  );
}

/** PostgreSQL works in its data folder, which tells ours from any other that got the same id. */
function worksIn(pid: number, folder: string): boolean {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
        encoding: 'utf8',
      }).includes(`-D ${folder}`);
    }
    const isPostgres = readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
    return isPostgres && readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
}

function processesIn(folder: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && worksIn(Number(name), folder))
    .flatMap((name) => identityOf(Number(name)) ?? []);
}

function sizeOf(path: string): number {
  try {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    closeSync(file);
    return size;
  } catch {
    return 0;
  }
}

function tailOf(path: string, from: number): string {
  const start = Math.max(from, sizeOf(path) - 2_000);
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(2_000);
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
