import {
  ANY,
  END,
  type EventStoreDBClient,
  NO_STREAM,
  START,
  StreamDeletedError,
} from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import {
  appendTo,
  collect,
  commitOf,
  follow,
  type Followed,
  newStream,
  sharedStore,
  thing,
  things,
} from './support.js';

const store = sharedStore();

const ids = (followed: Pick<Followed, 'events'>): (string | undefined)[] =>
  followed.events.map(({ event }) => event?.id);

const allIds = async (client: EventStoreDBClient): Promise<(string | undefined)[]> =>
  (await collect(client.readAll({ fromPosition: START }))).map(({ event }) => event?.id);

/** Appends without pause until told to stop. */
const writeConstantly = (writers = 8): { stop: () => Promise<number> } => {
  let stopping = false;
  let written = 0;
  const write = async (): Promise<void> => {
    while (!stopping) {
      await store.client.appendToStream(newStream('load'), things(3), { expectedRevision: ANY });
      written += 3;
    }
  };
  const running = Promise.all(Array.from({ length: writers }, write));
  return {
    stop: async () => {
      stopping = true;
      await running;
      return written;
    },
  };
};

describe('a subscription to all', () => {
  it('confirms itself, delivers what there is, says that it caught up, and goes on live', async () => {
    await appendTo(store, newStream(), things(5), NO_STREAM);
    const order: string[] = [];
    const subscription = store.connect().subscribeToAll({ fromPosition: START });
    subscription
      .on('confirmation', () => order.push('confirmation'))
      .on('caughtUp', () => order.push('caughtUp'))
      .on('data', () => order.push('event'));
    await until('it caught up', () => order.includes('caughtUp'));
    const caughtUpAt = order.indexOf('caughtUp');
    expect(order[0]).toBe('confirmation');
    expect(order.slice(1, caughtUpAt).every((step) => step === 'event')).toBe(true);
    await appendTo(store, newStream(), thing(), NO_STREAM);
    await until('the new event came', () => order.length > caughtUpAt + 1);
    expect(order.slice(caughtUpAt)).toEqual(['caughtUp', 'event']);
    await subscription.unsubscribe();
  });

  it('misses and doubles nothing between catching up and live, while others write', async () => {
    await appendTo(store, newStream(), things(3_000), NO_STREAM);
    const load = writeConstantly();
    const followers = Array.from({ length: 5 }, () => follow(store.connect()));
    await until('all are live', () => followers.every(({ caughtUp }) => caughtUp > 0));
    await load.stop();
    const expected = await allIds(store.client);
    for (const follower of followers) {
      await until('all is delivered', () => follower.events.length >= expected.length);
      expect(ids(follower)).toEqual(expected);
      await follower.subscription.unsubscribe();
    }
  });

  it('starts after the end when asked to, with the next event', async () => {
    const before = thing();
    await appendTo(store, newStream(), before, NO_STREAM);
    const followed = follow(store.connect(), { fromPosition: END });
    await until('it is live', () => followed.caughtUp > 0);
    const after = thing();
    await appendTo(store, newStream(), after, NO_STREAM);
    await until('the event came', () => followed.events.length > 0);
    expect(ids(followed)).toEqual([after.id]);
    await followed.subscription.unsubscribe();
  });

  it('resumes from any position behind it, exclusively', async () => {
    await appendTo(store, newStream(), things(40), NO_STREAM);
    const everything = await collect(store.client.readAll({ fromPosition: START }));
    for (const at of [0, 1, everything.length >> 1, everything.length - 2, everything.length - 1]) {
      const position = everything[at]!.event!.position;
      const followed = follow(store.connect(), { fromPosition: position });
      await until('it caught up', () => followed.caughtUp > 0);
      const rest = everything.slice(at + 1).map(({ event }) => event?.id);
      await until('the rest came', () => followed.events.length >= rest.length);
      expect(ids(followed)).toEqual(rest);
      await followed.subscription.unsubscribe();
    }
  });

  it('resumes after each lost connection from the last event received, without gap or double', async () => {
    const load = writeConstantly(4);
    const received: Followed['events'] = [];
    for (let round = 0; round < 8; round += 1) {
      const last = received.at(-1)?.event?.position;
      const client = store.connect();
      const followed = follow(client, { fromPosition: last ?? START });
      await until('something came', () => followed.events.length > 20);
      await followed.subscription.unsubscribe();
      await client.dispose();
      received.push(...followed.events);
    }
    await load.stop();
    const expected = await allIds(store.client);
    expect(ids({ events: received })).toEqual(expected.slice(0, received.length));
  });

  it('lets many subscribers follow at once over one connection', async () => {
    const client = store.connect();
    const followers = Array.from({ length: 150 }, () => follow(client, { fromPosition: END }));
    await until('all are live', () => followers.every(({ caughtUp }) => caughtUp > 0));
    const event = thing();
    await appendTo(store, newStream(), event, NO_STREAM);
    await until('all got it', () => followers.every(({ events }) => events.length > 0));
    expect(new Set(followers.flatMap(ids))).toEqual(new Set([event.id]));
    await Promise.all(followers.map(({ subscription }) => subscription.unsubscribe()));
  });
});

describe('a subscription to a stream', () => {
  it('delivers only that stream, from the start and live', async () => {
    const stream = newStream();
    const first = things(3);
    await appendTo(store, stream, first, NO_STREAM);
    const received: string[] = [];
    let caughtUp = false;
    const subscription = store.connect().subscribeToStream(stream, { fromRevision: START });
    subscription
      .on('data', ({ event }) => received.push(event?.id ?? ''))
      .on('caughtUp', () => (caughtUp = true));
    await until('it caught up', () => caughtUp);
    const next = things(2);
    await appendTo(store, newStream(), things(2), NO_STREAM);
    await appendTo(store, stream, next, 2n);
    await until('the rest came', () => received.length >= 5);
    expect(received).toEqual([...first, ...next].map(({ id }) => id));
    await subscription.unsubscribe();
  });

  it.each([
    ['a revision', 2n, [3n, 4n, 5n, 6n]],
    ['the end', END, [6n]],
  ] as const)('starts after %s, exclusively', async (_, fromRevision, expected) => {
    const stream = newStream();
    await appendTo(store, stream, things(6), NO_STREAM);
    const received: (bigint | undefined)[] = [];
    let caughtUp = false;
    const subscription = store.connect().subscribeToStream(stream, { fromRevision });
    subscription
      .on('data', ({ event }) => received.push(event?.revision))
      .on('caughtUp', () => (caughtUp = true));
    await until('it caught up', () => caughtUp);
    await appendTo(store, stream, thing(), 5n);
    await until('all came', () => received.length >= expected.length);
    expect(received).toEqual(expected);
    await subscription.unsubscribe();
  });

  it('waits for a stream that nobody wrote yet', async () => {
    const stream = newStream();
    const received: string[] = [];
    let caughtUp = false;
    const subscription = store.connect().subscribeToStream(stream);
    subscription
      .on('data', ({ event }) => received.push(event?.id ?? ''))
      .on('caughtUp', () => (caughtUp = true));
    await until('it caught up', () => caughtUp);
    const event = thing();
    await appendTo(store, stream, event, NO_STREAM);
    await until('the event came', () => received.length > 0);
    expect(received).toEqual([event.id]);
    await subscription.unsubscribe();
  });

  it('misses nothing between catching up and live, while the stream is written', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(1_500), NO_STREAM);
    const stopping = new AbortController();
    let last = 1_499n;
    const writing = (async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        last = (await appendTo(store, stream, things(2), last)).nextExpectedRevision;
      }
    })();
    const received: (bigint | undefined)[] = [];
    const subscription = store.connect().subscribeToStream(stream, { fromRevision: START });
    subscription.on('data', ({ event }) => received.push(event?.revision));
    await until('it is far enough', () => received.length > 2_000);
    stopping.abort();
    await writing;
    await until('all came', () => received.length >= Number(last) + 1);
    expect(received).toEqual(Array.from({ length: Number(last) + 1 }, (_, n) => BigInt(n)));
    await subscription.unsubscribe();
  });

  it('ends with "deleted" when the stream is deleted for good', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(2), NO_STREAM);
    let failure: Error | undefined;
    let caughtUp = false;
    store
      .connect()
      .subscribeToStream(stream)
      .on('data', () => undefined)
      .on('caughtUp', () => (caughtUp = true))
      .on('error', (error) => (failure = error));
    await until('it caught up', () => caughtUp);
    await store.client.tombstoneStream(stream);
    await until('it ended', () => failure !== undefined);
    expect(failure).toBeInstanceOf(StreamDeletedError);
  });
});

describe('positions of what is received', () => {
  it('grow strictly', async () => {
    const followed = follow(store.connect());
    await until('it caught up', () => followed.caughtUp > 0);
    const positions = followed.events.map(commitOf);
    for (const [index, position] of positions.slice(1).entries()) {
      expect(position).toBeGreaterThan(positions[index]!);
    }
    await followed.subscription.unsubscribe();
  });
});
