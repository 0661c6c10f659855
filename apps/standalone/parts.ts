import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppProcess } from '#embedded/app-process.js';
import { nodeUrl } from '#embedded/certificates.js';
import { readNote } from '#embedded/cluster-home.js';
import { freePort } from '#embedded/free-port.js';
import { startPostgres } from '#embedded/postgres.js';
import { describeShortage, type DiskReserve } from '#observability/disk-reserve.js';

import type { StandaloneConfig } from './config.js';
import type { RunNotes } from './run-note.js';
import { type Part, Supervised, type Watcher } from './supervised.js';
import type { Terminal } from './terminal.js';

/** The compiled apps: ours is one of them. */
const appsFolder = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Context {
  readonly config: StandaloneConfig;
  readonly terminal: Terminal;
  readonly notes: RunNotes;
  readonly watcher: Watcher;
  readonly disk: DiskReserve;
}

/** Where the parts find each other. Filled in as they come up, and the same over their restarts. */
interface Addresses {
  postgresPort: number | undefined;
  /** Of our own Postgres: its disk is watched. */
  postgresFolder: string | undefined;
  databaseUrl: string | undefined;
  eventNodeDatabaseUrl: string | undefined;
  eventNodePort: number | undefined;
  eventStoreUrl: string | undefined;
}

export interface Parts {
  readonly postgres: Supervised | undefined;
  readonly eventNode: Supervised | undefined;
  readonly projector: Supervised;
  readonly api: Supervised;
  /** Parts that others do without: where one gives up, the rest goes on. Nobody waits for them. */
  readonly optional: readonly Supervised[];
}

export interface Ports {
  readonly api: number;
  /** 0: the broker takes a free one. */
  readonly mqtt: number;
}

/** What has to run for this configuration: a store that is given by its URL is not ours to run. */
export function partsFor(context: Context, ports: Ports): Parts {
  const { config, watcher, disk } = context;
  const supervised = (part: Part): Supervised =>
    new Supervised(part, watcher, async () => {
      const shortage = await disk.measure();
      return shortage && describeShortage(shortage);
    });
  const addresses: Addresses = {
    postgresPort: undefined,
    postgresFolder: undefined,
    databaseUrl: config.databaseUrl,
    eventNodeDatabaseUrl: config.eventNodeDatabaseUrl,
    eventNodePort: undefined,
    eventStoreUrl: config.eventStoreUrl,
  };
  const ownLog = config.eventStoreUrl === undefined;
  const needsPostgres =
    config.databaseUrl === undefined || (ownLog && config.eventNodeDatabaseUrl === undefined);
  const postgres = needsPostgres ? supervised(postgresPart(context, addresses)) : undefined;
  const eventNode = ownLog
    ? supervised(eventNodePart(context, addresses, present(postgres)))
    : undefined;
  const stores = present(postgres, eventNode);
  const env = (): NodeJS.ProcessEnv => storesEnv(context, addresses);
  const api = (): NodeJS.ProcessEnv => ({
    ...env(),
    HOST: config.host,
    PORT: String(ports.api),
    // One API: there is no other one that requests could go to.
    DRAIN_SECONDS: '0',
    ADMIN_KEY_FILE: process.env['ADMIN_KEY_FILE'] ?? join(config.dataDir, 'admin.key'),
  });
  const app = (name: string, appEnv: () => NodeJS.ProcessEnv): Supervised =>
    supervised(appPart(context, name, stores, appEnv));
  // One port is not for several: each takes a free one, which stands in run.json.
  const apart = (): NodeJS.ProcessEnv => ({ ...env(), HEALTH_HOST: '127.0.0.1', HEALTH_PORT: '0' });
  return {
    postgres,
    eventNode,
    projector: app('projector', env),
    api: app('api', api),
    optional: [
      ...(config.kafkaBrokers === undefined ? [] : [app('relay', apart)]),
      app('consumers', apart),
      app('cycler-control', apart),
      app('mqtt-broker', () => ({ ...apart(), MQTT_PORT: String(ports.mqtt) })),
    ],
  };
}

function present<T>(...parts: readonly (T | undefined)[]): T[] {
  return parts.filter((part) => part !== undefined);
}

function postgresPart({ config, terminal, notes, disk }: Context, addresses: Addresses): Part {
  return {
    name: 'postgres',
    after: [],
    start: async () => {
      const noted = readNote(config.dataDir)?.folder;
      if (noted !== undefined) disk.watch(noted);
      const server = await startPostgres({
        dataDir: config.dataDir,
        explicit: config.dataDirChosen,
        logFile: join(terminal.logFolder, 'postgres.log'),
        say: (message) => terminal.say(message),
        ...(addresses.postgresPort !== undefined && { port: addresses.postgresPort }),
      });
      addresses.postgresPort = server.port;
      addresses.postgresFolder = server.folder;
      disk.watch(server.folder);
      addresses.databaseUrl =
        config.databaseUrl ?? (await server.ensureDatabase({ name: 'voltrace', role: 'voltrace' }));
      addresses.eventNodeDatabaseUrl =
        config.eventNodeDatabaseUrl ??
        (await server.ensureDatabase({ name: 'voltrace_log', role: 'voltrace_log' }));
      notes.set({ databaseUrl: addresses.databaseUrl });
      notes.setPart('postgres', server.pid, server.port);
      return {
        pid: server.pid,
        ready: Promise.resolve(),
        ended: server.ended,
        stop: (timeoutMs) => server.stop(timeoutMs),
      };
    },
  };
}

function eventNodePart(context: Context, addresses: Addresses, after: readonly Supervised[]): Part {
  return {
    name: 'event-node',
    after,
    start: async () => {
      // The port stays the same over restarts: the others keep their connection string.
      const port = (addresses.eventNodePort ??= await freePort());
      const certificates = join(context.config.dataDir, 'certificates');
      addresses.eventStoreUrl = nodeUrl(port, certificates);
      context.notes.set({ eventStoreUrl: addresses.eventStoreUrl });
      const app = launch(context, 'event-node', {
        ...baseEnv(context, addresses),
        EVENT_NODE_DATABASE_URL: addresses.eventNodeDatabaseUrl,
        EVENT_NODE_HOST: '127.0.0.1',
        EVENT_NODE_PORT: String(port),
        EVENT_NODE_CERTIFICATES: certificates,
      });
      context.notes.setPart('event-node', app.pid, port);
      return app;
    },
  };
}

function appPart(
  context: Context,
  name: string,
  after: readonly Supervised[],
  env: () => NodeJS.ProcessEnv,
): Part {
  return {
    name,
    after,
    start: () => {
      const app = launch(context, name, env());
      context.notes.setPart(name, app.pid);
      app.ready.then(
        ({ port }) => {
          if (port !== undefined) context.notes.setPart(name, app.pid, port);
        },
        // Whoever waits for it hears of it.
        () => undefined,
      );
      return Promise.resolve(app);
    },
  };
}

function launch({ terminal }: Context, name: string, env: NodeJS.ProcessEnv): AppProcess {
  // What this process has read from a file it passes on itself: a part refuses both.
  const isRead = (file: string): boolean => env[file.replace(/_FILE$/, '')] !== undefined;
  const passed = Object.entries(env).filter(([file]) => !file.endsWith('_FILE') || !isRead(file));
  return new AppProcess({
    script: join(appsFolder, name, 'main.js'),
    env: Object.fromEntries(passed),
    onLine: (line, stream) => terminal.line(name, line, stream),
  });
}

function baseEnv({ config }: Context, { postgresFolder }: Addresses): NodeJS.ProcessEnv {
  return {
    SUPERVISION_KEY_FILE: join(config.dataDir, 'supervision.key'),
    ...process.env,
    VOLTRACE_DATA_DIR: config.dataDir,
    LOG_LEVEL: config.logLevel,
    VOLTRACE_DISK_RESERVE_BYTES: String(config.VOLTRACE_DISK_RESERVE_BYTES),
    VOLTRACE_DISK_FOLDERS: present(config.VOLTRACE_DISK_FOLDERS, postgresFolder).join(delimiter),
  };
}

function storesEnv(context: Context, addresses: Addresses): NodeJS.ProcessEnv {
  return {
    ...baseEnv(context, addresses),
    DATABASE_URL: addresses.databaseUrl,
    EVENTSTORE_URL: addresses.eventStoreUrl,
  };
}
