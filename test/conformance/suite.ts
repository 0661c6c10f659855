import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { afterAll, beforeAll, describe, it } from 'vitest';

import { rawClient } from './raw.js';
import { openStore, type OwnStore, startStore, type Store } from './store.js';
import { external, target } from './target.js';

const isOwnNode = external === undefined && target === 'node';

/** For what only makes sense, or is only possible, with a node of our own. */
export const describeNodeOnly = isOwnNode ? describe : describe.skip;
export const itNodeOnly = isOwnNode ? it : it.skip;

/** The store of the run for all tests of a file. */
export const sharedStore = (): Store => {
  const store = openedBefore(openStore);
  return {
    get url() {
      return store().url;
    },
    get client() {
      return store().client;
    },
    connect: () => store().connect(),
    stop: () => store().stop(),
  };
};

/** A client of the protocol itself for all tests of a file, on a connection to `store` of its own. */
export const sharedRaw = (store: Pick<Store, 'url'>): (() => StreamsClient) => {
  let raw: StreamsClient | undefined;
  beforeAll(() => {
    raw = rawClient(store);
  });
  afterAll(() => raw?.close());
  return () => {
    if (raw === undefined) throw new Error('the client is there in tests and hooks, not before');
    return raw;
  };
};

/** A node for the tests of one group, which starts before the first of them and ends after the last. */
export const ownStore = (env: Readonly<Record<string, string>> = {}): OwnStore => {
  const store = openedBefore(() => startStore(env));
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

const openedBefore = <S extends Store>(open: () => Promise<S>): (() => S) => {
  let opened: S | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.stop());
  return () => {
    if (opened === undefined) {
      throw new Error('the store is there in tests and hooks, not before');
    }
    return opened;
  };
};
