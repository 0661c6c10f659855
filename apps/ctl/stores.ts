import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Beside } from '#archive/export-archive.js';
import { AppProcess } from '#embedded/app-process.js';
import { nodeUrl } from '#embedded/certificates.js';
import { readNote } from '#embedded/cluster-home.js';
import { FolderInUse, FolderLock } from '#embedded/folder-lock.js';
import { freePort } from '#embedded/free-port.js';
import { NeedsOperator } from '#embedded/needs-operator.js';
import { startPostgres } from '#embedded/postgres.js';
import { privateFolder } from '#embedded/private-folder.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { ReadStore } from '#read-store/read-store.js';

import { CommandFailure, exitCodes, usage } from './exit-codes.js';
import { dataFolder, runningNote } from './settings.js';

/** The stores themselves, for commands that work beside the API. */
export interface Stores {
  readonly log: EsdbEventLog;
  readonly beside: Beside | undefined;
  close(): Promise<void>;
}

interface Wanted {
  /** Neither files nor PostgreSQL. */
  readonly logOnly: boolean;
  /** Where nothing was started in the data folder yet, it may be made. */
  readonly make: boolean;
}

/**
 * The event log of EVENTSTORE_URL; else that of the `npm start` that runs in the data folder; else the one that lies there, for
 * which PostgreSQL and an event node run until `close`.
 */
export async function openStores(wanted: Wanted): Promise<Stores> {
  // The gRPC library names the event node by its address, which Node has a deprecation warning for.
  process.noDeprecation = true;
  const dataDir = dataFolder();
  const { EVENTSTORE_URL: url, DATABASE_URL: database } = process.env;
  if (url !== undefined) {
    if (!wanted.logOnly && (database === undefined || !existsSync(dataDir))) {
      throw usage(
        'With EVENTSTORE_URL, set DATABASE_URL and VOLTRACE_DATA_DIR, where files and parked events are; or take the event log alone, with --log-only.',
      );
    }
    return over(wanted, dataDir, { url, database });
  }
  const note = runningNote(dataDir);
  if (note) return over(wanted, dataDir, { url: note.eventStoreUrl, database: note.databaseUrl });
  if (!wanted.make && !readNote(dataDir)) {
    throw usage(
      `There is no event log in ${dataDir}: set EVENTSTORE_URL, or VOLTRACE_DATA_DIR to the folder of an npm start.`,
    );
  }
  return started(wanted, dataDir);
}

function over(
  { logOnly }: Wanted,
  dataDir: string,
  { url, database }: { readonly url: string | undefined; readonly database: string | undefined },
  stop = (): Promise<void> => Promise.resolve(),
): Stores {
  if (url === undefined) throw usage(`The npm start in ${dataDir} is not ready yet.`);
  const log = EsdbEventLog.connect(url);
  const store = database === undefined || logOnly ? undefined : new ReadStore(database);
  return {
    log,
    beside: store && { dataDir, store },
    close: async () => {
      await Promise.all([log.close(), store?.close()]);
      await stop();
    },
  };
}

/** What `npm start` would run of it, for us alone. */
async function started(wanted: Wanted, folder: string): Promise<Stores> {
  const ends: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const dataDir = privateFolder(folder);
    const lock = await FolderLock.take(dataDir);
    ends.push(() => {
      lock.release();
    });
    const explicit = process.env['VOLTRACE_DATA_DIR'] !== undefined;
    const postgres = await startPostgres({ dataDir, explicit });
    ends.push(() => postgres.stop());
    const {
      DATABASE_URL: database = await postgres.ensureDatabase({
        name: 'voltrace',
        role: 'voltrace',
      }),
      EVENT_NODE_DATABASE_URL: logDatabase = await postgres.ensureDatabase({
        name: 'voltrace_log',
        role: 'voltrace_log',
      }),
    } = process.env;
    const certificates = join(dataDir, 'certificates');
    const { node, port } = await startNode(logDatabase, certificates);
    ends.push(async () => {
      await node.stop();
    });
    return over(wanted, dataDir, { url: nodeUrl(port, certificates), database }, stop);
  } catch (error) {
    await stop();
    if (error instanceof FolderInUse)
      throw new CommandFailure(`Process ${error.pid} uses ${folder}.`, exitCodes.failed);
    if (error instanceof NeedsOperator) throw new CommandFailure(error.message, exitCodes.failed);
    throw error;
  }
}

const attempts = 10;

/** A node that was left behind by a command that was killed is gone after a moment. */
async function startNode(
  databaseUrl: string,
  certificates: string,
): Promise<{ readonly node: AppProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const node = new AppProcess({
      script: join(dirname(dirname(fileURLToPath(import.meta.url))), 'event-node', 'main.js'),
      env: {
        ...process.env,
        EVENT_NODE_DATABASE_URL: databaseUrl,
        EVENT_NODE_PORT: String(port),
        EVENT_NODE_CERTIFICATES: certificates,
        // What an import adds to an event must not make it too large.
        EVENT_NODE_MAX_APPEND_BYTES: String(16 * 1024 * 1024),
      },
    });
    try {
      await node.ready;
      return { node, port };
    } catch (error) {
      await node.stop();
      if (attempt === attempts) throw error;
      await sleep(500);
    }
  }
}
