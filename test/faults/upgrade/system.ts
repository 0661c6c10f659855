import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AppProcess } from '#embedded/app-process.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { startPostgres } from '#embedded/postgres.js';
import { ApiClient } from '#test/support/client.js';
import {
  startApi,
  startConsumers,
  startNode,
  startProjector,
  startRelay,
} from '#test/support/parts.js';
import { startKafkaBroker } from '#testing/kafka/broker.js';
import { fetchKafka } from '#testing/kafka/programs.js';
import { until } from '#testing/until.js';

import { Addresses } from './failover.js';

/** What an app may take to stop: its drain, and what is under way. */
const stopMs = 30_000;
/** As many requests as the load makes; and the default, which tests do without. */
const env = { RATE_LIMIT_PER_KEY: '0', RATE_LIMIT_PER_ADDRESS: '0', DRAIN_SECONDS: '5' };
const apis = ['api 1', 'api 2'] as const;

export type Part = 'projector' | (typeof apis)[number] | 'consumers' | 'relay';

interface Running {
  readonly app: AppProcess;
  readonly url?: string;
}

interface Stores {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
  readonly kafka?: Readonly<Record<string, string>>;
}

/**
 * The processes of one system, each from the build that it is started with, on one event node and one
 * Postgres, and on one Kafka broker where this machine can run Kafka. The two APIs are behind `addresses`.
 */
export class RollingSystem {
  readonly addresses = new Addresses();
  private readonly running = new Map<string, Running>();

  private constructor(
    readonly stores: Stores,
    private readonly end: () => Promise<void>,
  ) {}

  /** With the stores and all processes, each from `dist`. */
  static async start(dist: string): Promise<RollingSystem> {
    const dataDir = mkdtempSync(join(tmpdir(), 'voltrace-upgrade-'));
    const ends: (() => Promise<unknown>)[] = [];
    const end = async (): Promise<void> => {
      for (const one of ends.splice(0)) await one();
      rmSync(dataDir, { recursive: true, force: true });
    };
    try {
      const postgresDir = join(dataDir, 'stores');
      mkdirSync(postgresDir, { mode: 0o700 });
      const postgres = await startPostgres({ dataDir: postgresDir, explicit: false });
      ends.unshift(() => postgres.stop());
      const database = (name: string) => postgres.ensureDatabase({ name, role: name });
      const logDatabaseUrl = await database('voltrace_log');
      const databaseUrl = await database('voltrace');
      const node = await startNode({ dist, dataDir, logDatabaseUrl });
      ends.unshift(() => node.app.stop());
      const kafka = await kafkaWherePossible(join(dataDir, 'kafka'), ends);
      const stores = { dataDir, databaseUrl, eventStoreUrl: node.url, ...(kafka && { kafka }) };
      const system = new RollingSystem(stores, end);
      const watching = new AbortController();
      ends.unshift(() => system.stopAll());
      ends.push(() => {
        watching.abort();
        return Promise.resolve();
      });
      void system.addresses.watch(watching.signal);
      for (const part of system.parts) await system.begin(part, dist);
      return system;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** In the order in which they are replaced. */
  get parts(): readonly Part[] {
    const relay = this.stores.kafka ? (['relay'] as const) : [];
    return ['projector', ...apis, 'consumers', ...relay];
  }

  get key(): string {
    return readFileSync(join(this.stores.dataDir, 'admin.key'), 'utf8').trim();
  }

  /** Starts one, under another name where one of that part runs already. */
  async begin(part: Part, dist: string, name: string = part): Promise<void> {
    const options = { dist, ...this.stores, env };
    const { kafka } = this.stores;
    if (part === 'projector') this.running.set(name, { app: await startProjector(options) });
    else if (part === 'consumers') this.running.set(name, { app: await startConsumers(options) });
    else if (part === 'relay') {
      if (kafka) this.running.set(name, { app: await startRelay({ ...options, kafka }) });
    } else {
      const { app, url } = await startApi(options);
      this.running.set(name, { app, url });
      if (name !== part) return;
      this.addresses.add(url);
      await until(`${name} is ready`, () => this.addresses.isServing(url));
    }
  }

  /** Stops one as an orchestrator does. Resolves with what was wrong with its end. */
  async finish(name: string): Promise<readonly string[]> {
    const { app, url } = this.of(name);
    const { code, signal } = await app.stop(stopMs);
    if (url !== undefined) this.addresses.remove(url);
    this.running.delete(name);
    const how = `exit code ${String(code)}, signal ${String(signal)}`;
    return code === 0 ? [] : [`${name} did not stop in order (${how}):\n${app.output}`];
  }

  rename(from: string, to: string): void {
    this.running.set(to, this.of(from));
    this.running.delete(from);
  }

  /** A caller of one API, whoever else serves. */
  clientOf(name: string): ApiClient {
    return new ApiClient(this.of(name).url ?? '', this.key);
  }

  /** The processes that have ended without being asked to. */
  ended(): readonly string[] {
    return [...this.running]
      .filter(([, { app }]) => !app.isRunning)
      .map(([name, { app }]) => `${name} ended by itself:\n${app.output}`);
  }

  async remove(): Promise<void> {
    await this.end();
  }

  private of(name: string): Running {
    const running = this.running.get(name);
    if (!running) throw new Error(`there is no ${name}`);
    return running;
  }

  private async stopAll(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ app }) => app.stop(stopMs)));
  }
}

const kafkaWherePossible = async (
  folder: string,
  ends: (() => Promise<unknown>)[],
): Promise<Readonly<Record<string, string>> | undefined> => {
  try {
    await fetchKafka();
  } catch (error) {
    if (!(error instanceof NeedsOperator)) throw error;
    console.log(`  without Kafka: ${error.message}`);
    return undefined;
  }
  const broker = await startKafkaBroker({ folder, removeAfterwards: folder });
  ends.unshift(() => broker.kill());
  return { KAFKA_BROKERS: broker.brokers, KAFKA_SESSION_TIMEOUT_MS: '6000' };
};
