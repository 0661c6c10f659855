import { createDatabase, type TestDatabase, testDatabase } from './embedded.js';
import { startEventNode, type TestEventNode } from './event-node.js';

/** An event node on an empty database of the shared cluster. */
export interface TestNode {
  readonly url: string;
  readonly port: number;
  /** As `url`, for another port that leads to it. */
  urlOn(port: number): string;
  readonly tls: TestEventNode['tls'];
  /** SIGKILL by default, then the same port and database again with `restart`. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  /** The database that holds its log. */
  readonly log: TestDatabase;
  /** Stops, and starts on the same port with another log: an empty one unless one is given. */
  replaceLog(log?: TestDatabase): Promise<void>;
  /** Stops, and starts again; a copy of its log as it was, such as a backup. */
  copyLog(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

export const startTestNode = async (
  env: Readonly<Record<string, string>> = {},
): Promise<TestNode> => {
  let database = await testDatabase();
  const logs = new Set([database]);
  const node = await startEventNode({ databaseUrl: database.url, env });
  return {
    url: node.url,
    port: node.port,
    urlOn: (port) => node.urlOn(port),
    tls: node.tls,
    kill: (signal) => node.kill(signal),
    restart: () => node.restart(),
    get log() {
      return database;
    },
    replaceLog: async (log) => {
      database = log ?? (await testDatabase());
      logs.add(database);
      await node.restart(database.url);
    },
    copyLog: async () => {
      await node.stop();
      const copy = await createDatabase(database.name);
      logs.add(copy);
      await node.restart();
      return copy;
    },
    stop: async () => {
      await node.stop();
      for (const log of logs) await log.drop();
    },
  };
};
