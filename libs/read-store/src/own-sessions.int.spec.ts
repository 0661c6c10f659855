import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { freePort } from '#embedded/free-port.js';
import { serverUser } from '#embedded/server-user.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { until } from '#testing/until.js';

import { requireOwnSessions } from './own-sessions.js';

const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
const isInstalled = spawnSync('pgbouncer', ['--version'], { env }).status === 0;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

describe('sessions with PostgreSQL itself', () => {
  it('have what they ask for', async () => {
    await requireOwnSessions(database.url);
  });

  it('are not judged where the database cannot be had for another reason', async () => {
    await requireOwnSessions(`${database.url}_missing`);
  });
});

const title = 'sessions behind PgBouncer';
(isInstalled ? describe : describe.skip)(
  isInstalled ? title : `${title} [skipped: pgbouncer is not installed]`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'voltrace-pgbouncer-'));
    let bouncer: ChildProcess | undefined;

    afterEach(async () => {
      if (bouncer?.exitCode !== null) return;
      bouncer.kill('SIGKILL');
      await once(bouncer, 'exit');
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    /** Starts PgBouncer in front of the database; resolves with the URL of the database behind it. */
    const behind = async (settings: string): Promise<string> => {
      const { hostname, port, username, password, pathname } = new URL(database.url);
      const own = await freePort();
      const file = join(folder, 'pgbouncer.ini');
      chmodSync(folder, 0o755);
      writeFileSync(
        file,
        `[databases]
* = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(own)}
unix_socket_dir =
auth_type = any
${settings}
`,
        { mode: 0o644 },
      );
      // It refuses to run as root, as PostgreSQL does.
      const user = serverUser(() => undefined);
      const as = user && { uid: user.uid, gid: user.gid };
      const child = spawn('pgbouncer', [file], { env, cwd: '/', stdio: 'ignore', ...as });
      bouncer = child;
      await until('PgBouncer listens', async () => {
        if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${String(child.exitCode)}`);
        return answers(own);
      });
      return `postgres://${username}@127.0.0.1:${String(own)}${pathname}`;
    };

    it.each(['transaction', 'session'])(
      'are refused where it refuses start-up parameters, pooling by %s',
      async (mode) => {
        const url = await behind(`pool_mode = ${mode}`);
        await expect(requireOwnSessions(url)).rejects.toThrow(
          /pooler that refuses them \(unsupported startup parameter.*give the URL of PostgreSQL itself/,
        );
      },
    );

    it.each(['transaction', 'session'])(
      'are refused where it drops start-up parameters, pooling by %s',
      async (mode) => {
        const url = await behind(`pool_mode = ${mode}
ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout,options`);
        await expect(requireOwnSessions(url)).rejects.toThrow('drops start-up parameters');
      },
    );
  },
);

const answers = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
};
