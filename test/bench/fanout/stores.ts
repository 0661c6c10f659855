import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPostgres } from '#embedded/postgres.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { Logger } from '#observability/logging.js';
import { migrate } from '#read-store/migrate.js';
import { startNode } from '#test/support/parts.js';
import { startKafkaBroker } from '#testing/kafka/broker.js';

export const benchLogger = Logger.create({ app: 'bench', level: 'error' });

/** As kafkajs takes it. */
export interface Record_ {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  readonly partition: number;
}

export interface BenchStores {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly log: EsdbEventLog;
  readonly settings: KafkaSettings;
  stop(): Promise<void>;
}

/** Postgres, event node and broker for one bench, on a folder of its own. */
export const startStores = async (dist: string): Promise<BenchStores> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-fanout-bench-'));
  const server = await startPostgres({ dataDir, explicit: false });
  const logDatabaseUrl = await server.ensureDatabase({
    name: 'voltrace_log',
    role: 'voltrace_log',
  });
  const databaseUrl = await server.ensureDatabase({ name: 'voltrace', role: 'voltrace' });
  await migrate(databaseUrl, { logger: benchLogger });
  const node = await startNode({ dist, dataDir, logDatabaseUrl });
  const broker = await startKafkaBroker({ folder: join(dataDir, 'kafka') });
  const log = EsdbEventLog.connect(node.url);
  return {
    dataDir,
    databaseUrl,
    eventStoreUrl: node.url,
    log,
    settings: {
      KAFKA_BROKERS: broker.brokers,
      KAFKA_NAMESPACE: undefined,
      KAFKA_TLS: 'off',
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
    },
    stop: async () => {
      await log.close();
      await node.app.stop();
      await broker.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
