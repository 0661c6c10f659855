import { BACKWARDS, END, type EventStoreDBClient, NO_STREAM, START } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import {
  appendTo,
  collect,
  commitOf,
  follow,
  itNodeOnly,
  newStream,
  sharedStore,
  things,
} from './support.js';

const store = sharedStore();

const headOf = async (client: EventStoreDBClient): Promise<bigint> => {
  const [last] = await collect(
    client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1 }),
  );
  return last === undefined ? 0n : commitOf(last);
};

describe('a subscription from beyond the end', () => {
  it('is confirmed, live and silent: the position may be of another log', async () => {
    const beyond = (await headOf(store.client)) + 1_000_000_000n;
    const client = store.connect();
    const followed = follow(client, { fromPosition: { commit: beyond, prepare: beyond } });
    await until('it is live', () => followed.caughtUp > 0);
    // What came to a later subscriber of the same connection would have come to the earlier one.
    const later = follow(client, { fromPosition: END });
    await until('the later one is live', () => later.caughtUp > 0);
    await appendTo(store, newStream(), things(3), NO_STREAM);
    await until('the later one has them', () => later.events.length === 3);
    expect(followed).toMatchObject({ events: [], caughtUp: 1, error: undefined });
    await Promise.all([followed, later].map(({ subscription }) => subscription.unsubscribe()));
  });

  // Positions of the node grow by at most 40, those of a server are offsets in a file.
  itNodeOnly('gets what comes to lie beyond its position', async () => {
    const beyond = (await headOf(store.client)) + 500n;
    const followed = follow(store.connect(), { fromPosition: { commit: beyond, prepare: beyond } });
    await until('it is live', () => followed.caughtUp > 0);
    const stream = newStream();
    await appendTo(store, stream, things(1_000), NO_STREAM);
    const written = await collect(store.client.readAll({ fromPosition: START }));
    const expected = written.filter((event) => commitOf(event) > beyond);
    await until('they came', () => followed.events.length >= expected.length);
    expect(followed.events.map(({ event }) => event?.id)).toEqual(
      expected.map(({ event }) => event?.id),
    );
    expect(expected.length).toBeLessThan(1_000);
    expect(followed).toMatchObject({ caughtUp: 1, error: undefined });
    await followed.subscription.unsubscribe();
  });
});
