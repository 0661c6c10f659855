import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from './postgres.js';
import { privateFolder } from './private-folder.js';
import { identityOf } from './processes.js';

const root = mkdtempSync(join(tmpdir(), 'voltrace-postgres-'));
chmodSync(root, 0o755);
const running: EmbeddedPostgres[] = [];
const asRoot = process.getuid?.() === 0;

async function start(
  options: Partial<PostgresOptions> & { dataDir: string },
): Promise<EmbeddedPostgres> {
  const server = await startPostgres({
    durable: false,
    systemFolder: join(root, 'system'),
    ...options,
  });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the embedded PostgreSQL', () => {
  it('keeps its data and its passwords over a restart', async () => {
    const dataDir = join(root, 'restart');
    const first = await start({ dataDir });
    const url = await first.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
    await query(url, 'create table facts as select 42 as answer');
    await first.stop();
    const second = await start({ dataDir });
    expect(await query(second.url('voltrace', 'voltrace'), 'select answer from facts')).toEqual([
      { answer: 42 },
    ]);
    expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o007).toBe(0);
  });

  it('lets each role into its own database only, and nobody in without a password', async () => {
    const server = await start({ dataDir: join(root, 'roles') });
    await server.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
    await server.ensureDatabase({ name: 'voltrace_log', role: 'voltrace_log' });
    await expect(query(server.url('voltrace_log', 'voltrace'), 'select 1')).rejects.toThrow(
      /permission denied/,
    );
    await expect(query(server.url('postgres', 'voltrace'), 'select 1')).rejects.toThrow(
      /permission denied/,
    );
    const wrong = server.url('voltrace', 'voltrace').replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  it('stops what a killed start left running on the same folder', async () => {
    const dataDir = join(root, 'leftover');
    const abandoned = await start({ dataDir });
    const said: string[] = [];
    const next = await start({ dataDir, say: (message) => said.push(message) });
    expect(identityOf(abandoned.pid)).toBeUndefined();
    expect(said.join('\n')).toContain(`process ${abandoned.pid}`);
    expect(await query(next.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('recovers after its postmaster was killed, on the same port', async () => {
    const dataDir = join(root, 'killed');
    const first = await start({ dataDir, durable: true });
    const url = await first.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
    await query(url, 'create table facts as select 1 as one');
    await first.kill();
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await start({ dataDir, durable: true, port: first.port });
    expect(await query(url, 'select one from facts')).toEqual([{ one: 1 }]);
  });

  it('says so when the port that it was given is taken', async () => {
    const first = await start({ dataDir: join(root, 'port-a') });
    await expect(start({ dataDir: join(root, 'port-b'), port: first.port })).rejects.toThrow(
      `Port ${first.port} on 127.0.0.1 is taken`,
    );
  });

  it('starts again where its data folder was moved to', async () => {
    const first = await start({ dataDir: join(root, 'before') });
    await first.stop();
    renameSync(join(root, 'before'), join(root, 'after'));
    const second = await start({ dataDir: join(root, 'after') });
    expect(await query(second.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses to start empty when the database that the folder notes is gone', async () => {
    const dataDir = join(root, 'gone');
    const first = await start({ dataDir });
    await first.stop();
    rmSync(first.folder, { recursive: true });
    await expect(start({ dataDir })).rejects.toThrow(/there is nothing/);
  });
});

(asRoot ? describe : describe.skip)(
  'the embedded PostgreSQL of root, below a closed folder',
  () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });

    it('refuses a folder that the user chose, naming what blocks and the cure', async () => {
      const refusal = expect(start({ dataDir: join(closed, 'chosen') })).rejects;
      await refusal.toThrow(`who may not enter ${closed}. Let it in (chmod o+x ${closed})`);
    });

    it("keeps a default folder's database where the server can reach it, and says where", async () => {
      const said: string[] = [];
      const options = {
        dataDir: join(closed, '.voltrace'),
        explicit: false,
        say: (text: string) => said.push(text),
      };
      const first = await start(options);
      expect(first.folder.startsWith(join(root, 'system'))).toBe(true);
      expect(said.join('\n')).toContain(first.folder);
      expect(existsSync(join(closed, '.voltrace', 'postgres.json'))).toBe(true);
      await first.stop();
      const second = await start(options);
      expect(second.folder).toBe(first.folder);
    });

    it('puts the database of a removed data folder aside and starts empty', async () => {
      const options = { dataDir: join(closed, 'again'), explicit: false };
      const first = await start(options);
      await first.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
      rmSync(privateFolder(options.dataDir), { recursive: true });
      const said: string[] = [];
      const second = await start({ ...options, say: (text) => said.push(text) });
      expect(said.join('\n')).toContain('put aside');
      expect(
        await query(second.adminUrl, "select from pg_database where datname = 'voltrace'"),
      ).toEqual([]);
    });
  },
);
