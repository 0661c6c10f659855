import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';

import { readJsonFile, writePrivateFile } from '#embedded/files.js';
import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from '#embedded/postgres.js';

import { locked, runFolder, runPid } from './run-folder.js';

/** The role that owns every test database: an ordinary one, as in production. */
const role = 'voltrace';

interface TestCluster {
  readonly adminUrl: string;
  /** A URL as the ordinary role, ending in `/`. */
  readonly baseUrl: string;
}

export interface TestDatabase {
  readonly name: string;
  /** As its owner, an ordinary role. */
  readonly url: string;
  /** The same database as the superuser. */
  readonly adminUrl: string;
  drop(): Promise<void>;
}

/**
 * An empty database on the cluster that all files of one test run share. The first caller starts it
 * (not durable: kill a server of `ownPostgres` instead); it ends with the run.
 */
export function testDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

/** A copy of a database on the shared cluster that nobody is connected to. */
export async function createDatabase(
  template: string,
  name = `t_${randomBytes(6).toString('hex')}`,
): Promise<TestDatabase> {
  const cluster = await testCluster();
  await asAdmin((client) =>
    client.query(`create database ${name} owner ${role} template ${template}`),
  );
  return {
    name,
    url: cluster.baseUrl + name,
    adminUrl: cluster.adminUrl.replace(/\/postgres$/, `/${name}`),
    drop: async () => {
      await asAdmin((client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

/** Runs statements as the superuser of the shared cluster, outside of any transaction. */
export async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: (await testCluster()).adminUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function testCluster(): Promise<TestCluster> {
  const note = join(runFolder(), 'cluster.json');
  const running = readJsonFile<TestCluster>(note);
  return running ?? locked(join(runFolder(), 'cluster.lock'), () => startedCluster(note));
}

async function startedCluster(note: string): Promise<TestCluster> {
  const running = readJsonFile<TestCluster>(note);
  if (running) return running;
  const server = await startPostgres({
    dataDir: join(runFolder(), 'cluster'),
    durable: false,
    maxConnections: 300,
    ownerPid: runPid(),
    removeAfterwards: runFolder(),
  });
  // Without parameters, since tests put names of databases at the end.
  const bare = (url: string): string => url.replace(/\?.*$/, '');
  const baseUrl = bare(await server.ensureDatabase({ name: role, role })).replace(/[^/]*$/, '');
  const cluster: TestCluster = { adminUrl: bare(server.adminUrl), baseUrl };
  writePrivateFile(note, JSON.stringify(cluster));
  return cluster;
}

export interface OwnPostgres {
  server: EmbeddedPostgres;
  /** Stops the server and removes its data. */
  dispose(): Promise<void>;
}

/** A server for one test alone, which may stop, kill and start it. */
export async function ownPostgres(options: Partial<PostgresOptions> = {}): Promise<OwnPostgres> {
  const dataDir = mkdtempSync(join(runFolder(), 'own-'));
  const server = await startPostgres({ dataDir, ...options });
  const own: OwnPostgres = {
    server,
    dispose: async () => {
      await own.server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return own;
}
