import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type ClusterNote, writeNote } from './cluster-home.js';
import { syncFolder, writePrivateFile } from './files.js';
import { NeedsOperator } from './needs-operator.js';
import type { ServerUser } from './server-user.js';

/** What starting a cluster needs to know besides its note. */
export interface Cluster {
  readonly user: ServerUser | undefined;
  readonly bin: string;
  readonly version: string;
  readonly dataDir: string;
  readonly durable: boolean;
}

/** The cluster appears whole or not at all: a start that was killed half way leaves only a `.new` folder. */
export function initialise(cluster: Cluster, note: ClusterNote): void {
  const { folder } = note;
  if (!existsSync(folder)) {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { mode: 0o700 });
    if (cluster.user) chownSync(fresh, cluster.user.uid, cluster.user.gid);
    runInitdb(cluster, fresh, note.password);
    renameSync(fresh, folder);
    syncFolder(dirname(folder));
  }
  const major = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  if (major !== cluster.version.split('.')[0]) {
    throw new NeedsOperator(
      `The database in ${folder} was made by PostgreSQL ${major}, and this is ${cluster.version}. ` +
        'Run the version of Voltrace that made it, or move it over with pg_dump of that version.',
    );
  }
  if (!note.initialised) writeNote(cluster.dataDir, { ...note, initialised: true });
}

function runInitdb(cluster: Cluster, folder: string, password: string): void {
  const passwordFile = join(dirname(folder), 'initdb-password');
  writePrivateFile(passwordFile, `${password}\n`, cluster.user);
  try {
    const made = spawnSync(
      join(cluster.bin, 'initdb'),
      [
        `--pgdata=${folder}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(cluster.durable ? [] : ['--no-sync']),
      ],
      {
        ...(cluster.user && { uid: cluster.user.uid, gid: cluster.user.gid }),
        cwd: folder,
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
        encoding: 'utf8',
      },
    );
    if (made.status !== 0) {
      throw new Error(
        `PostgreSQL's initdb failed for ${folder}: ${made.error?.message ?? made.stderr.trim()}`,
      );
    }
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
