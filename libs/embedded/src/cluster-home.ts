import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { readJsonFile, writePrivateFile } from './files.js';
import { NeedsOperator } from './needs-operator.js';
import { blockingFolder, type ServerUser } from './server-user.js';

/** Where root's servers keep what their own user must reach and the data folder does not let it. */
export const systemFolder = '/var/lib/voltrace';

/** What the data folder notes about its cluster, in `postgres.json` (0600). */
export interface ClusterNote {
  /** Tells this data folder from an earlier one at the same place. */
  readonly id: string;
  /** The cluster's PGDATA. */
  readonly folder: string;
  readonly initialised: boolean;
  /** Of the superuser `postgres`. */
  readonly password: string;
  /** Role name -> password. */
  readonly roles: Readonly<Record<string, string>>;
}

export interface HomeRequest {
  /** From `privateFolder`. */
  readonly dataDir: string;
  /** The data folder was named by the user: it is used or refused, never replaced. */
  readonly explicit: boolean;
  readonly user: ServerUser | undefined;
  readonly systemFolder: string;
  readonly say: (message: string) => void;
}

/** Finds or chooses the place of a data folder's cluster. */
export function clusterHome(request: HomeRequest): ClusterNote {
  const { dataDir } = request;
  const noted = readNote(dataDir);
  if (noted?.initialised && !existsSync(noted.folder)) {
    throw new NeedsOperator(
      `The database of ${dataDir} should be in ${noted.folder}, and there is nothing. ` +
        `Restore that folder, or remove ${notePath(dataDir)} to start with an empty database.`,
    );
  }
  const note = noted ?? {
    id: randomBytes(8).toString('hex'),
    folder: chosenFolder(dataDir, request),
    initialised: false,
    password: randomBytes(24).toString('base64url'),
    roles: {},
  };
  if (!noted) writeNote(dataDir, note);
  claim(note, dataDir, request);
  return note;
}

export function readNote(dataDir: string): ClusterNote | undefined {
  const note = readJsonFile<ClusterNote>(notePath(dataDir));
  return note && { ...note, folder: resolve(dataDir, note.folder) };
}

export function writeNote(dataDir: string, note: ClusterNote): void {
  // Relative where it can be, so that the data folder may be moved.
  const folder = note.folder === insideFolder(dataDir) ? basename(note.folder) : note.folder;
  writePrivateFile(notePath(dataDir), `${JSON.stringify({ ...note, folder }, null, 2)}\n`);
}

function insideFolder(dataDir: string): string {
  return join(dataDir, 'postgres');
}

function notePath(dataDir: string): string {
  return join(dataDir, 'postgres.json');
}

function chosenFolder(dataDir: string, request: HomeRequest): string {
  const { user } = request;
  const inside = insideFolder(dataDir);
  if (!user) return inside;
  const blocking = blockingFolder(dirname(dataDir), user);
  if (blocking === undefined) return inside;
  if (request.explicit) {
    throw new NeedsOperator(
      `The data folder ${dataDir} cannot be used: PostgreSQL does not run as root but as the user "${user.name}", ` +
        `who may not enter ${blocking}. Let it in (chmod o+x ${blocking}), choose a data folder elsewhere ` +
        `(VOLTRACE_DATA_DIR=/srv/voltrace), or leave VOLTRACE_DATA_DIR unset: ` +
        `the database then goes to ${request.systemFolder}.`,
    );
  }
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(request.systemFolder, name, 'postgres');
}

interface OwnerNote {
  readonly id: string;
  readonly dataDir: string;
}

/** Makes the cluster's parent folder enterable for the server and sure that it is ours. */
function claim(note: ClusterNote, dataDir: string, request: HomeRequest): void {
  const home = dirname(note.folder);
  if (home === dataDir) {
    letServerIn(dataDir, request.user);
    return;
  }
  const owner = readJsonFile<OwnerNote>(join(home, 'owner.json'));
  if (owner && owner.id !== note.id) putAside(home, request.say);
  if (
    owner?.id === note.id &&
    owner.dataDir !== dataDir &&
    readNote(owner.dataDir)?.id === note.id
  ) {
    throw new NeedsOperator(
      `${dataDir} is a copy of ${owner.dataDir}: both would use the database in ${home}. ` +
        `Remove ${notePath(dataDir)} to start with an empty database.`,
    );
  }
  mkdirSync(home, { recursive: true });
  chmodSync(dirname(home), 0o755);
  letServerIn(home, request.user);
  writePrivateFile(join(home, 'owner.json'), `${JSON.stringify({ id: note.id, dataDir })}\n`);
  request.say(
    `The database of ${dataDir} is kept in ${note.folder}, where its server can reach it.`,
  );
}

/** Owned by root, entered by the server's group, closed to everybody else. */
function letServerIn(folder: string, user: ServerUser | undefined): void {
  if (!user) return;
  chownSync(folder, 0, user.gid);
  chmodSync(folder, 0o710);
}

/** The data folder was removed and made anew: its old database is kept, not taken over. */
function putAside(home: string, say: (message: string) => void): void {
  const aside = `${home}.until-${new Date().toISOString().replace(/[:.]/g, '')}`;
  renameSync(home, aside);
  say(
    `The database of an earlier data folder at the same place was put aside: ${aside}. Remove it if it is not needed.`,
  );
}
