import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that we can recognise again: ids are reused, an id with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; compare for equality only. */
  readonly startedAt: string;
}

/** When the process started, in the system's own notation; undefined if there is none (a zombie counts as none). */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxStartTime(pid);
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return started.trim() || undefined;
  } catch {
    return undefined;
  }
}

function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold anything, so fields are counted from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Start times count from boot, so they only identify a process together with the boot. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'boot';
  }
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = startTimeOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startedAt;
}

/** Resolves true as soon as the process is gone, false after `timeoutMs`. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

export type StopStep = readonly [signal: NodeJS.Signals, waitMs: number];

/** Sends each signal in turn until the process is gone; never signals a process that took over the id. */
export async function stopProcess(
  identity: ProcessIdentity,
  steps: readonly StopStep[] = [
    ['SIGTERM', 5_000],
    ['SIGKILL', 2_000],
  ],
): Promise<boolean> {
  for (const [signal, waitMs] of steps) {
    if (!isRunning(identity)) return true;
    sendSignal(identity.pid, signal);
    if (await waitForEnd(identity, waitMs)) return true;
  }
  return !isRunning(identity);
}

/** Like process.kill, but a process that has just ended is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
