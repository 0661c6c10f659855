import { createDatabase, type TestDatabase, testDatabase } from './embedded.js';
import { type EventNodeOptions, type NodeAddress, startEventNode } from './event-node.js';
import { HostedNode } from './hosted-node.js';

/** An event node on an empty database of the shared cluster. What ends its process needs `startOwnNode`. */
export interface TestNode extends Pick<NodeAddress, 'url' | 'port' | 'urlOn' | 'tls'> {
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

type Env = Readonly<Record<string, string>>;

/** A node in a process that it shares with others of this worker. */
export const startTestNode = (env: Env = {}): Promise<TestNode> =>
  onLogsOfItsOwn((databaseUrl) => HostedNode.start({ databaseUrl, env }));

/** A node in a process of its own, for a test that kills, freezes or restarts it. */
export const startOwnNode = (env: Env = {}): Promise<TestNode> =>
  onLogsOfItsOwn((databaseUrl) => startEventNode({ databaseUrl, env }));

interface RunningNode extends Omit<TestNode, 'log' | 'replaceLog' | 'copyLog' | 'restart'> {
  restart(databaseUrl?: string): Promise<void>;
}

const onLogsOfItsOwn = async (
  start: (databaseUrl: EventNodeOptions['databaseUrl']) => Promise<RunningNode>,
): Promise<TestNode> => {
  let database = await testDatabase();
  const logs = new Set([database]);
  const node = await start(database.url);
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
