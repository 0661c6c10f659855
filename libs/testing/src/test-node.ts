import { testDatabase } from './embedded.js';
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
  stop(): Promise<void>;
}

export const startTestNode = async (
  env: Readonly<Record<string, string>> = {},
): Promise<TestNode> => {
  const database = await testDatabase();
  const node = await startEventNode({ databaseUrl: database.url, env });
  return {
    url: node.url,
    port: node.port,
    urlOn: (port) => node.urlOn(port),
    tls: node.tls,
    kill: (signal) => node.kill(signal),
    restart: () => node.restart(),
    stop: async () => {
      await node.stop();
      await database.drop();
    },
  };
};
