import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startPostgres } from '#embedded/postgres.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { type OwnPostgres, ownPostgres } from '#testing/embedded.js';
import { runFolder } from '#testing/run-folder.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';
import { until } from '#testing/until.js';

import { ProjectionRunner } from './run-projections.js';
import { appendCounted } from './test/fixture.js';
import { tally } from './test/tally.js';

describe('an outage', () => {
  let dataDir: string;
  let postgres: OwnPostgres;
  let node: TestNode;
  let log: EsdbEventLog;
  let tail: LogTail;
  let store: ReadStore;
  let runner: ProjectionRunner;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(runFolder(), 'outage-'));
    postgres = await ownPostgres({ dataDir });
    const url = await postgres.server.ensureDatabase({ name: 'read', role: 'read' });
    await migrate(url);
    node = await startOwnNode();
    log = EsdbEventLog.connect(node.url);
    tail = new LogTail(log);
    await tail.start();
    store = new ReadStore(url);
    runner = new ProjectionRunner([tally()], { store, log, tail, pollMs: 100 });
    await runner.start();
  });

  afterEach(async () => {
    await runner.stop();
    await tail.stop();
    await store.close();
    await log.close();
    await node.stop();
    await postgres.dispose();
  });

  const sum = async (): Promise<number> => {
    const { rows } = await store.pool.query<{ sum: string }>(
      'select coalesce(sum(sum), 0) as sum from tally_v1.total',
    );
    return Number(rows[0]?.sum);
  };
  const nothingCounted = async (): Promise<void> => {
    const { rows } = await store.pool.query(
      `select (select count(*)::int from subscription.parked) as parked,
              (select count(*)::int from subscription.attempt) as attempts`,
    );
    expect(rows).toEqual([{ parked: 0, attempts: 0 }]);
  };

  it('of Postgres parks nothing and loses nothing, however it ends the connections', async () => {
    let appended = 0;
    const append = async (): Promise<void> => {
      await appendCounted(log, 20, 'tally-outage');
      appended += 20;
    };
    await append();
    await until('level', async () => (await sum().catch(() => -1)) === appended);
    for (const round of [1, 2, 3]) {
      await append();
      await store.pool
        .query(
          'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = current_user',
        )
        .catch(() => undefined);
      await append();
      if (round === 2) {
        await postgres.server.stop();
        await append();
        await sleep(3_000);
        await append();
        postgres.server = await startPostgres({ dataDir, port: postgres.server.port });
      }
    }
    await until('level again', async () => (await sum().catch(() => -1)) === appended);
    await nothingCounted();
  });

  it('of the event store is waited out', async () => {
    await appendCounted(log, 20);
    await until('level', async () => (await sum().catch(() => -1)) === 20);
    await node.kill();
    await sleep(1_500);
    await node.restart();
    // A connection that was tried just before the node listened may fail once more.
    await until('the log answers', () =>
      log.head().then(
        () => true,
        () => false,
      ),
    );
    await appendCounted(log, 20);
    await until('level again', async () => (await sum()) === 40);
    await nothingCounted();
  });
});
