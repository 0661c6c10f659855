import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EmbeddedPostgres, startPostgres } from '#embedded/postgres.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Logger } from '#observability/logging.js';
import { migrate } from '#read-store/migrate.js';
import { startNode } from '#test/support/parts.js';

export const benchLogger = Logger.create({ app: 'bench', level: 'error' });

export interface LogStores {
  readonly dataDir: string;
  readonly server: EmbeddedPostgres;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  /** Process of the event node. */
  readonly nodePid: number;
  readonly log: EsdbEventLog;
  stop(): Promise<void>;
}

/** Postgres and event node for one bench, on a folder of its own. */
export const startLogStores = async (dist: string): Promise<LogStores> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-bench-'));
  const server = await startPostgres({ dataDir, explicit: false });
  const logDatabaseUrl = await server.ensureDatabase({
    name: 'voltrace_log',
    role: 'voltrace_log',
  });
  const databaseUrl = await server.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
  await migrate(databaseUrl, { logger: benchLogger });
  const node = await startNode({ dist, dataDir, logDatabaseUrl });
  const log = EsdbEventLog.connect(node.url);
  return {
    ...{ dataDir, server, databaseUrl, eventStoreUrl: node.url, nodePid: node.app.pid, log },
    stop: async () => {
      await log.close();
      await node.app.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
