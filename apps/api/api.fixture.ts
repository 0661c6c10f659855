import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { ApiKeys } from '#access/api-key/api-keys.js';
import { ensureAdminKey } from '#access/api-key/ensure-admin-key.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import type { KafkaSettings } from '#fanout/kafka.js';
import { defaultLimits, type ServerLimits } from '#http/server-limits.js';
import type { UnusedLimits } from '#jobs/unused-files.js';
import { DiskReserve } from '#observability/disk-reserve.js';
import { Logger } from '#observability/logging.js';
import { Metrics } from '#observability/metrics.js';
import { readEnvironment } from '#process/config.js';
import { diskEnvironment } from '#process/environment.js';
import { ProcessContext } from '#process/process-context.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import type { Projection } from '#subscription/projection/projection.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import type { TestDatabase } from '#testing/embedded.js';
import { databaseFrom } from '#testing/template-database.js';
import { startOwnNode, type TestNode } from '#testing/test-node.js';

import { createApi } from './create-api.js';
import type { LiveFeedLimits } from './live-feeds.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Asking {
  readonly method?: string;
  /** The admin's unless given; null for none. */
  readonly key?: string | null;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export type TestLimits = Partial<ServerLimits> & {
  readonly liveFeeds?: LiveFeedLimits;
  readonly importMaxRows?: number;
  readonly unusedFiles?: UnusedLimits;
};

/** The API in this process, on a node and a database of its own. */
export class TestApi {
  private constructor(
    readonly node: TestNode,
    private readonly database: TestDatabase,
    private readonly folder: string,
    private readonly context: ProcessContext,
    private readonly app: NestFastifyApplication,
    readonly url: string,
    readonly admin: string,
  ) {}

  static async start(
    kafka?: KafkaSettings,
    diskEnv: Readonly<Record<string, string>> = {},
  ): Promise<TestApi> {
    const folder = mkdtempSync(join(tmpdir(), 'voltrace-api-'));
    const node = await startOwnNode(diskEnv);
    const database = await databaseFrom({
      name: 'read-store',
      prepare: (target) => migrate(target),
    });
    const context = testContext();
    const app = await listening(context, node, database, folder, {}, kafka, diskEnv);
    const keyFile = join(folder, 'admin.key');
    await ensureAdminKey(app.get(EsdbEventLog), app.get(ApiKeys), keyFile);
    const admin = readFileSync(keyFile, 'utf8').trim();
    return new TestApi(node, database, folder, context, app, await app.getUrl(), admin);
  }

  /** Where it keeps files. */
  get dataDir(): string {
    return this.folder;
  }

  get log(): EsdbEventLog {
    return this.app.get(EsdbEventLog);
  }

  /** Another API on the same stores, with other limits. Gives its URL to `use`. */
  async limited(limits: TestLimits, use: (url: string) => Promise<void>): Promise<void> {
    const context = testContext();
    const app = await listening(context, this.node, this.database, this.folder, limits);
    try {
      await use(await app.getUrl());
    } finally {
      await context.stop();
    }
  }

  /** The database of the read models. */
  get store(): ReadStore {
    return this.app.get(ReadStore);
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  /** Runs read models in this process. Resolves once they answer. */
  async project(...projections: readonly Projection[]): Promise<void> {
    const [log, tail] = [this.app.get(EsdbEventLog), this.app.get(LogTail)];
    const runner = new ProjectionRunner(projections, { store: this.store, log, tail, pollMs: 100 });
    this.context.onStop(() => runner.stop());
    await runner.start();
    await untilBuilt(this.store, projections, 20_000);
  }

  raw(path: string, asking: Asking = {}): Promise<Response> {
    const { key = this.admin, json, headers } = asking;
    const body = asking.body ?? (json === undefined ? undefined : JSON.stringify(json));
    return fetch(this.url + path, {
      method: asking.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
  }

  async ask(path: string, asking?: Asking): Promise<Answer> {
    const answer = await this.raw(path, asking);
    const body = (await answer.json()) as Answer['body'];
    return { status: answer.status, headers: answer.headers, body };
  }

  async newKey(...roles: string[]): Promise<{ id: string; key: string }> {
    const json = { name: 'test', roles, reason: 'test' };
    return (await this.ask('/v1/api-keys', { json })).body as { id: string; key: string };
  }

  async stop(): Promise<void> {
    await this.context.stop();
    await this.node.stop();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const testContext = (): ProcessContext =>
  new ProcessContext(
    'test',
    Logger.create({ app: 'test', level: 'silent' }),
    new Metrics({ processMetrics: false }),
  );

const listening = async (
  context: ProcessContext,
  node: TestNode,
  database: TestDatabase,
  dataDir: string,
  { liveFeeds, importMaxRows, unusedFiles, ...limits }: TestLimits,
  kafka?: KafkaSettings,
  diskEnv: Readonly<Record<string, string>> = {},
): Promise<NestFastifyApplication> => {
  const app = await createApi(context, {
    eventStoreUrl: node.url,
    databaseUrl: database.url,
    poolSize: 4,
    dataDir,
    kafka,
    disk: new DiskReserve(readEnvironment(diskEnvironment, diskEnv), [dataDir], context.logger),
    liveFeeds,
    importMaxRows,
    unusedFiles,
    limits: {
      ...defaultLimits,
      requestTimeoutMs: 30_000,
      perKeyPerMinute: 0,
      perAddressPerMinute: 0,
      ...limits,
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app;
};
