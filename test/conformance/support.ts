import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type AppendExpectedRevision,
  EventStoreDBClient,
  jsonEvent,
  type JSONEventData,
  START,
} from '@eventstore/db-client';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, it } from '@jest/globals';

import { testDatabase } from '#testing/embedded.js';
import { startEventNode, type TestEventNode } from '#testing/event-node.js';

/** A real server to run against instead of the node; it must be disposable. */
const external = process.env['EVENTSTORE_URL'];

/** For what only makes sense, or is only possible, with a node of our own. */
export const describeNodeOnly = external === undefined ? describe : describe.skip;
export const itNodeOnly = external === undefined ? it : it.skip;

/** The store under test. */
export interface Store {
  readonly url: string;
  readonly client: EventStoreDBClient;
  /** The node itself; throws when a real server is tested. */
  readonly node: TestEventNode;
  readonly databaseUrl: string;
  /** A client on a connection of its own, closed with the store. */
  connect(): EventStoreDBClient;
  stop(): Promise<void>;
}

export const startStore = async (env: Readonly<Record<string, string>> = {}): Promise<Store> => {
  const clients: EventStoreDBClient[] = [];
  const connectTo = (url: string) => () => {
    const client = EventStoreDBClient.connectionString(url);
    clients.push(client);
    return client;
  };
  const disconnect = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.dispose()));
  };
  if (external !== undefined) return externalStore(external, connectTo(external), disconnect);
  const database = await testDatabase();
  const node = await startEventNode({ databaseUrl: database.url, env });
  const connect = connectTo(node.url);
  return {
    url: node.url,
    client: connect(),
    node,
    databaseUrl: database.url,
    connect,
    stop: async () => {
      await disconnect();
      await node.stop();
      await database.drop();
    },
  };
};

const externalStore = (
  url: string,
  connect: () => EventStoreDBClient,
  disconnect: () => Promise<void>,
): Store => ({
  url,
  client: connect(),
  get node(): never {
    throw new Error('a real server is tested, there is no node');
  },
  get databaseUrl(): never {
    throw new Error('a real server is tested, there is no database');
  },
  connect,
  stop: disconnect,
});

/** A store that all tests of a file share; it starts before the first one and ends after the last. */
export const sharedStore = (): Store => {
  let started: Store | undefined;
  const store = (): Store => {
    if (started === undefined)
      throw new Error('the store starts before the tests, not before that');
    return started;
  };
  beforeAll(async () => {
    started = await startStore();
  });
  afterAll(() => started?.stop());
  return {
    get url() {
      return store().url;
    },
    get client() {
      return store().client;
    },
    get node() {
      return store().node;
    },
    get databaseUrl() {
      return store().databaseUrl;
    },
    connect: () => store().connect(),
    stop: () => store().stop(),
  };
};

/** Host and port of the store, for raw calls. */
export const addressOf = ({ url }: Store): string => new URL(url).host;

/** What raw calls have to show to the store, as its connection string says. */
export const credentialsOf = ({ url }: Store): ChannelCredentials => {
  const { searchParams } = new URL(url);
  if (searchParams.get('tls') === 'false') return credentials.createInsecure();
  const content = (name: string): Buffer | null => {
    const path = searchParams.get(name);
    return path === null ? null : readFileSync(path);
  };
  return credentials.createSsl(
    content('tlsCAFile'),
    content('userKeyFile'),
    content('userCertFile'),
  );
};

export const newStream = (category = 'thing'): string => `${category}-${randomUUID()}`;

export const thing = (n = 0, id: string = randomUUID()): JSONEventData =>
  jsonEvent({ id, type: 'ThingHappened', data: { n } });

export const things = (count: number): JSONEventData[] =>
  Array.from({ length: count }, (_, n) => thing(n));

/**
 * Credentials are never sent without TLS, but to the client they mean: one call per append instead
 * of many over one.
 */
export const classic = { credentials: { username: 'admin', password: 'changeit' } };

export const appendTo = (
  { client }: Pick<Store, 'client'>,
  stream: string,
  events: JSONEventData | JSONEventData[],
  expectedRevision: AppendExpectedRevision,
) => client.appendToStream(stream, events, { expectedRevision });

export const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
};

export const idsIn = async ({ client }: Pick<Store, 'client'>, stream: string): Promise<string[]> =>
  (await collect(client.readStream(stream))).map(({ event }) => event?.id ?? '');

/** What a promise rejects with; fails the test when it does not. */
export const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
};

export const commitOf = ({
  event,
}: {
  readonly event?: { readonly position?: { readonly commit: bigint } | undefined } | undefined;
}): bigint => event?.position?.commit ?? -1n;

export interface Followed {
  readonly events: AllStreamResolvedEvent[];
  readonly subscription: AllStreamSubscription;
  caughtUp: number;
  error: Error | undefined;
}

/** Follows `$all` from its start, or from elsewhere, keeping what comes. */
export const follow = (
  client: EventStoreDBClient,
  options: Parameters<EventStoreDBClient['subscribeToAll']>[0] = {},
): Followed => {
  const subscription = client.subscribeToAll({ fromPosition: START, ...options });
  const followed: Followed = { events: [], subscription, caughtUp: 0, error: undefined };
  subscription
    .on('data', (event) => followed.events.push(event))
    .on('caughtUp', () => (followed.caughtUp += 1))
    .on('error', (error) => (followed.error = error));
  return followed;
};

export const streamsOf = (events: readonly AllStreamResolvedEvent[]): (string | undefined)[] =>
  events.map(({ event }) => event?.streamId);
