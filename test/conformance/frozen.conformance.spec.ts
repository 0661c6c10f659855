import { EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import pg from 'pg';
import { expect, it } from 'vitest';

import { ownPostgres } from '#testing/embedded.js';
import { startEventNode } from '#testing/event-node.js';
import { until } from '#testing/until.js';

import { describeNodeOnly } from './suite.js';
import { newStream, thing } from './support.js';

const writerOf = async (databaseUrl: string): Promise<number> => {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'voltrace-event-node-writer' and datname = current_database()",
  );
  await client.end();
  return rows[0]!.pid;
};

describeNodeOnly('the node whose Postgres does not answer', () => {
  it('ends after half a minute, since the outcome of the commit is not known', async () => {
    // A server of its own: who drops a database waits for every session of its server, frozen ones too.
    const postgres = await ownPostgres({ durable: false });
    const databaseUrl = await postgres.server.ensureDatabase({ name: 'log', role: 'log' });
    const node = await startEventNode({ databaseUrl });
    const append = async (): Promise<unknown> => {
      const client = EventStoreDBClient.connectionString(node.url);
      try {
        return await client.appendToStream(newStream(), thing(), { expectedRevision: NO_STREAM });
      } finally {
        await client.dispose();
      }
    };
    try {
      const pid = await writerOf(databaseUrl);
      process.kill(pid, 'SIGSTOP');
      try {
        await expect(append()).rejects.toThrow();
        await until('it ended', () => !node.isRunning);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await node.restart();
      await append();
    } finally {
      await node.stop();
      await postgres.dispose();
    }
  });
});
