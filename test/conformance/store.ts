import { join } from 'node:path';

import { EventStoreDBClient } from '@eventstore/db-client';

import { readJsonFile, writePrivateFile } from '#embedded/files.js';
import { testDatabase } from '#testing/embedded.js';
import { startEventNode, type TestEventNode } from '#testing/event-node.js';
import { HostedNode } from '#testing/hosted-node.js';
import { locked, runFolder } from '#testing/run-folder.js';

import { external, target } from './target.js';

/** The store under test, which others may use at the same time. */
export interface Store {
  readonly url: string;
  readonly client: EventStoreDBClient;
  /** A client on a connection of its own, closed with the store. */
  connect(): EventStoreDBClient;
  /** Closes the connections; ends the node where it is one's own. */
  stop(): Promise<void>;
}

/** A node that one file has for itself, which it may restart and kill. */
export interface OwnStore extends Store {
  readonly node: TestEventNode;
  readonly databaseUrl: string;
}

/** The store that all files of a run share: the one that is named, or a node that ends with the run. */
export const openStore = async (): Promise<Store> =>
  storeAt(external ?? (await nodeOfRun()), () => Promise.resolve());

/** Starts a node for the caller alone. */
export const startStore = async (env: Readonly<Record<string, string>> = {}): Promise<OwnStore> => {
  const database = await testDatabase();
  const node = await startEventNode({ databaseUrl: database.url, env });
  const store = storeAt(node.url, async () => {
    await node.stop();
    await database.drop();
  });
  return { ...store, node, databaseUrl: database.url };
};

const storeAt = (url: string, end: () => Promise<void>): Store => {
  const clients: EventStoreDBClient[] = [];
  const connect = (): EventStoreDBClient => {
    const client = EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  };
  return {
    url,
    client: connect(),
    connect,
    stop: async () => {
      await Promise.all(clients.map((client) => client.dispose()));
      await end();
    },
  };
};

/** The first file that asks starts it; it ends with the run. */
const nodeOfRun = (): Promise<string> => {
  const note = join(runFolder(), 'conformance-node.json');
  return locked(join(runFolder(), 'conformance-node.lock'), async () => {
    const running = readJsonFile<{ url: string }>(note);
    if (running) return running.url;
    const database = await testDatabase();
    const env = target === 'server' ? { EVENT_NODE_ANSWERS: 'as-a-server' } : {};
    const { url } = await HostedNode.startForRun({ databaseUrl: database.url, env });
    writePrivateFile(note, JSON.stringify({ url }));
    return url;
  });
};
