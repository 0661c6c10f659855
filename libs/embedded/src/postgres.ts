import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type pg from 'pg';

import { AuthenticatedClient } from './authenticated-client.js';
import {
  clusterHome,
  type ClusterNote,
  readNote,
  systemFolder,
  writeNote,
} from './cluster-home.js';
import { freePort } from './free-port.js';
import { type Cluster, initialise } from './initdb.js';
import { usablePrograms } from './native.js';
import { privateFolder } from './private-folder.js';
import { identityOf, stopProcess, type StopStep } from './processes.js';
import {
  guardServer,
  ServerStartError,
  spawnServer,
  stopLeftovers,
  stopSteps,
  waitUntilReady,
} from './server-process.js';
import { serverUser } from './server-user.js';

export interface PostgresOptions {
  /** The data folder; the cluster is `<dataDir>/postgres` where the server's user can reach it. */
  readonly dataDir: string;
  /** `dataDir` was named by the user: refuse it if the server cannot reach it. Default true. */
  readonly explicit?: boolean;
  /** On 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** False: no fsync at all, for test clusters that no test kills. Default true. */
  readonly durable?: boolean;
  readonly maxConnections?: number;
  /** Default `<dataDir>/postgres.log`. */
  readonly logFile?: string;
  /** The server ends with this process instead of with the current one. */
  readonly ownerPid?: number;
  /** A folder that is removed when the server was stopped because its owner had ended. */
  readonly removeAfterwards?: string;
  /** Where root's servers keep what must be outside of the data folder. */
  readonly systemFolder?: string;
  /** What an operator should know: where the data is, what was cleaned up. */
  readonly say?: (message: string) => void;
}

/** How the server ended. */
export interface PostgresEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running PostgreSQL server of our own. */
export class EmbeddedPostgres {
  private note: ClusterNote;

  constructor(
    note: ClusterNote,
    private readonly dataDir: string,
    readonly port: number,
    private readonly server: ChildProcess,
    /** Resolves when the server ends, for whatever reason. */
    readonly ended: Promise<PostgresEnd>,
  ) {
    this.note = note;
  }

  get pid(): number {
    return this.server.pid ?? NaN;
  }

  /** The PGDATA folder. */
  get folder(): string {
    return this.note.folder;
  }

  /** For the superuser, on the database `postgres`. */
  get adminUrl(): string {
    return this.url('postgres');
  }

  /** A connection URL that lets no other server have the password; without a role for the superuser. Throws for a role that `ensureDatabase` did not make. */
  url(database: string, role?: string): string {
    const password = role === undefined ? this.note.password : this.note.roles[role];
    if (password === undefined)
      throw new Error(`There is no role "${role}": call ensureDatabase first`);
    return `postgres://${role ?? 'postgres'}:${password}@127.0.0.1:${this.port}/${database}?require_auth=scram-sha-256`;
  }

  /** Makes the database and its role where they are missing. The role can connect to this database and to no other. */
  async ensureDatabase(database: {
    readonly name: string;
    readonly role: string;
  }): Promise<string> {
    const { name, role } = database;
    const password = this.note.roles[role] ?? randomBytes(24).toString('base64url');
    if (this.note.roles[role] === undefined) {
      this.note = { ...this.note, roles: { ...this.note.roles, [role]: password } };
      writeNote(this.dataDir, this.note);
    }
    const client = new AuthenticatedClient({ connectionString: this.adminUrl });
    await client.connect();
    try {
      await ensureRole(client, role, password);
      const found = await client.query('select from pg_database where datname = $1', [name]);
      if (found.rowCount === 0)
        await client.query(`create database ${quoted(name)} owner ${quoted(role)}`);
      for (const closed of [name, 'postgres', 'template1']) {
        await client.query(`revoke all on database ${quoted(closed)} from public`);
      }
    } finally {
      await client.end();
    }
    return this.url(name, role);
  }

  /** Ends all sessions, writes a checkpoint and stops; by force (and recovery at the next start) after `timeoutMs`. */
  async stop(timeoutMs = 8_000): Promise<void> {
    await this.end([['SIGINT', timeoutMs], ...stopSteps.slice(1)]);
  }

  /** SIGKILL, as a crash would. Resolves when the server is gone. */
  async kill(): Promise<void> {
    await this.end([['SIGKILL', 5_000]]);
  }

  private async end(steps: readonly StopStep[]): Promise<void> {
    // A running server does not keep us from ending, a server that we wait for does.
    this.server.ref();
    const identity = identityOf(this.pid);
    if (identity) await stopProcess(identity, steps);
    await this.ended;
  }
}

/**
 * Starts PostgreSQL on a data folder, which the caller must hold alone: a server that an earlier
 * start left behind there is stopped first. Throws `NeedsOperator` where only a person can help, else an Error.
 */
export async function startPostgres(request: PostgresOptions): Promise<EmbeddedPostgres> {
  const options = { ...request, dataDir: privateFolder(request.dataDir) };
  const say = options.say ?? (() => undefined);
  const system = options.systemFolder ?? systemFolder;
  const user = serverUser((name) => say(`Created the system user "${name}" to run PostgreSQL as.`));
  const explicit = options.explicit ?? true;
  const home = clusterHome({ dataDir: options.dataDir, explicit, user, systemFolder: system, say });
  const programs = usablePrograms(user, user ? system : join(options.dataDir, 'native'));
  const cluster: Cluster = {
    user,
    bin: join(programs.folder, 'bin'),
    version: programs.version,
    dataDir: options.dataDir,
    durable: options.durable !== false,
  };
  for (const pid of await stopLeftovers(home.folder)) {
    say(`Stopped PostgreSQL (process ${pid}), which an earlier start had left running.`);
  }
  initialise(cluster, home);
  return startServer(cluster, options, readNote(options.dataDir) ?? home);
}

const attempts = 20;

async function startServer(
  cluster: Cluster,
  options: PostgresOptions,
  note: ClusterNote,
): Promise<EmbeddedPostgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await startServerOn(cluster, options, note, port);
    } catch (error) {
      const reason = error instanceof ServerStartError ? error.log : '';
      const portTaken =
        reason.includes('could not bind') || reason.includes('could not create any TCP/IP sockets');
      if (portTaken && options.port !== undefined) {
        throw new Error(`Port ${port} on 127.0.0.1 is taken: PostgreSQL cannot listen there.`, {
          cause: error,
        });
      }
      // Sessions of a killed server hold its shared memory for a moment longer.
      const inUse = reason.includes('shared memory block') && reason.includes('still in use');
      if (attempt === attempts || !(portTaken || inUse)) throw error;
      await sleep(inUse ? 250 : 0);
    }
  }
}

async function startServerOn(
  cluster: Cluster,
  options: PostgresOptions,
  note: ClusterNote,
  port: number,
): Promise<EmbeddedPostgres> {
  const logFile = options.logFile ?? join(options.dataDir, 'postgres.log');
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
  const spawned = spawnServer({
    program: join(cluster.bin, 'postgres'),
    folder: note.folder,
    settings: settingsOf(options, port),
    user: cluster.user,
    logFile,
  });
  const server = spawned.process;
  const ended = new Promise<PostgresEnd>((resolve) => {
    server.once('exit', (code, signal) => resolve({ code, signal }));
    server.once('error', () => resolve({ code: null, signal: null }));
  });
  const guard = server.pid === undefined ? undefined : guardServer(server.pid, options);
  void ended.then(() => guard?.kill('SIGKILL'));
  try {
    await waitUntilReady(spawned);
  } catch (error) {
    server.kill('SIGKILL');
    throw error;
  }
  for (const child of [server, guard]) child?.unref();
  unrefStream(guard?.stdin);
  return new EmbeddedPostgres(note, options.dataDir, port, server, ended);
}

/** The pipe stays open until we end, but does not keep us from ending. */
function unrefStream(stream: unknown): void {
  (stream as { unref?: () => void } | null | undefined)?.unref?.();
}

function settingsOf(options: PostgresOptions, port: number): Record<string, string> {
  const onDisk = options.durable === false ? 'off' : 'on';
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // Passwords over loopback only: a socket in /tmp would be one more door.
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 100),
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    fsync: onDisk,
    full_page_writes: onDisk,
    synchronous_commit: onDisk,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] %q%u@%d ',
    idle_in_transaction_session_timeout: '10min',
  };
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const found = await client.query('select from pg_roles where rolname = $1', [role]);
  const verb = found.rowCount === 0 ? 'create' : 'alter';
  await client.query(
    `${verb} role ${quoted(role)} login nosuperuser nocreatedb nocreaterole password '${password}'`,
  );
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
