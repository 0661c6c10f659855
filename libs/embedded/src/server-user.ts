import { execFileSync, spawnSync } from 'node:child_process';

import { NeedsOperator } from './needs-operator.js';

/** Whom PostgreSQL runs as where we are root: it refuses to run as root. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const systemPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

/** Undefined for an ordinary user: the server then runs as that user. */
export function serverUser(onCreated: (name: string) => void): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = lookUp('postgres');
  if (existing) return existing;
  if (createUser('postgres')) onCreated('postgres');
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (!user) {
    throw new NeedsOperator(
      'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it as. ' +
        'Create one (useradd --system postgres), run as an ordinary user, or set DATABASE_URL.',
    );
  }
  return user;
}

function lookUp(name: string): ServerUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const answer = spawnSync('id', [flag, name], { encoding: 'utf8', env: { PATH: systemPath } });
    return answer.status === 0 ? Number(answer.stdout.trim()) : NaN;
  });
  return uid !== undefined && gid !== undefined && uid > 0 && gid > 0
    ? { name, uid, gid }
    : undefined;
}

function createUser(name: string): boolean {
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name],
      {
        env: { PATH: systemPath },
        stdio: 'ignore',
      },
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * The outermost existing folder on the way to `path` that the user may not enter; undefined if none.
 * Asked of the system itself, as that user, because modes alone do not tell (ACLs, mounts).
 */
export function blockingFolder(path: string, user: ServerUser): string | undefined {
  const script =
    'for d in "$@"; do [ -e "$d" ] || exit 0; [ -x "$d" ] || { printf %s "$d"; exit 0; }; done';
  const answer = spawnSync('/bin/sh', ['-c', script, 'sh', ...foldersTo(path)], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    encoding: 'utf8',
  });
  if (answer.error) throw answer.error;
  return answer.stdout || undefined;
}

/** `/a/b/c` -> `/`, `/a`, `/a/b`, `/a/b/c`. */
function foldersTo(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.reduce(
    (folders, part) => [...folders, `${folders.at(-1)}/${part}`.replace('//', '/')],
    ['/'],
  );
}
