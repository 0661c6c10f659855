import { type ChildProcess, spawn } from 'node:child_process';

export interface GuardOptions {
  /** The broker ends with this process instead of with the current one. */
  readonly ownerPid?: number | undefined;
  /** Removed when the guard has ended the broker. */
  readonly removeAfterwards?: string | undefined;
}

/**
 * Ends the broker when the process that needs it ends, even by SIGKILL: a shell that waits for our
 * end of a pipe to close (or for the process `ownerPid` to be gone). A frozen broker ends as well,
 * and one whose data is removed anyway is not given the time to close its files.
 */
export function guardBroker(broker: ChildProcess, options: GuardOptions): void {
  if (broker.pid === undefined) return;
  const { ownerPid, removeAfterwards } = options;
  const script = [
    'broker=$1; owner=$2; folder=$3',
    'runs() { kill -0 "$1" 2>/dev/null; }',
    'ended() { for i in $(seq 100); do runs $broker || return 0; sleep 0.1; done; return 1; }',
    'if [ -z "$owner" ]; then cat >/dev/null',
    'else while runs $owner; do runs $broker || exit; sleep 0.5; done; fi',
    'if [ -z "$folder" ]; then kill -TERM $broker && kill -CONT $broker; ended && exit; fi',
    'kill -KILL $broker; ended; [ -z "$folder" ] || rm -rf "$folder"',
  ].join('\n');
  const words = [String(broker.pid), ownerPid === undefined ? '' : String(ownerPid)];
  const guard = spawn('/bin/sh', ['-c', script, 'sh', ...words, removeAfterwards ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  // With an owner it looks for the end of the broker itself, and may still have a folder to remove.
  if (ownerPid === undefined) broker.once('exit', () => guard.kill('SIGKILL'));
  guard.unref();
  // The pipe stays open until we end, but does not keep us from ending.
  (guard.stdin as unknown as { unref?: () => void }).unref?.();
}
