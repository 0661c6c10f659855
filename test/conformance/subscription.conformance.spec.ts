import { ANY, END, NO_STREAM, START, StreamDeletedError } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow, type Followed, followStream } from './follow.js';
import { sharedStore } from './suite.js';
import { appendTo, commitOf, idOf, marker, newStream, ownAfter, thing, things } from './support.js';

const store = sharedStore();

type OfAll = ReturnType<typeof follow>;

const ids = (followed: Pick<Followed<Parameters<typeof idOf>[0]>, 'events'>): string[] =>
  followed.events.map(idOf);

/** Appends without pause until told to stop. */
const writeConstantly = (writers = 4): { stop: () => Promise<number> } => {
  let stopping = false;
  let written = 0;
  const write = async (): Promise<void> => {
    while (!stopping) {
      await appendTo(store, newStream('load'), things(3), ANY);
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
    const fromPosition = await marker(store);
    await appendTo(store, newStream(), things(5), NO_STREAM);
    const followed = follow(store.connect(), { fromPosition });
    await until('it caught up', () => followed.caughtUp > 0);
    const isCatchingUp = followed.steps.slice(0, followed.steps.indexOf('caughtUp'));
    expect(isCatchingUp).toEqual(['confirmed', ...Array.from({ length: 5 }, () => 'event')]);
    await appendTo(store, newStream(), thing(), NO_STREAM);
    await until('the new event came', () => followed.events.length > 5);
    await followed.stop();
  });

  it('misses and doubles nothing between catching up and live, while others write', async () => {
    const fromPosition = await marker(store);
    await appendTo(store, newStream(), things(2_000), NO_STREAM);
    const load = writeConstantly();
    const followers = Array.from({ length: 4 }, () => follow(store.connect(), { fromPosition }));
    await until('all are live', () => followers.every(({ caughtUp }) => caughtUp > 0));
    await load.stop();
    const expected = (await ownAfter(store, fromPosition)).map(idOf);
    for (const follower of followers) {
      await until('all is delivered', () => follower.events.length >= expected.length);
      expect(ids(follower)).toEqual(expected);
      await follower.stop();
    }
  });

  it('starts after the end when asked to, with the next event', async () => {
    const before = thing();
    await appendTo(store, newStream(), before, NO_STREAM);
    const resumeFrom = await marker(store);
    const followed = follow(store.connect(), { fromPosition: END, resumeFrom });
    await until('it is live', () => followed.caughtUp > 0);
    const after = thing();
    await appendTo(store, newStream(), after, NO_STREAM);
    await until('the event came', () => followed.events.length > 0);
    expect(ids(followed)).toEqual([after.id]);
    await followed.stop();
  });

  it('resumes from any position behind it, exclusively, and positions grow strictly', async () => {
    const from = await marker(store);
    await appendTo(store, newStream(), things(40), NO_STREAM);
    const everything = await ownAfter(store, from);
    for (const place of [0, 1, 20, 38, 39]) {
      const position = everything[place]!.event!.position;
      const followed = follow(store.connect(), { fromPosition: position });
      await until('it caught up', () => followed.caughtUp > 0);
      const rest = everything.slice(place + 1).map(idOf);
      await until('the rest came', () => followed.events.length >= rest.length);
      expect(ids(followed)).toEqual(rest);
      const positions = followed.events.map(commitOf);
      for (const [index, next] of positions.slice(1).entries()) {
        expect(next).toBeGreaterThan(positions[index]!);
      }
      await followed.stop();
    }
  });

  it('resumes after each lost connection from the last event received, without gap or double', async () => {
    const from = await marker(store);
    const load = writeConstantly();
    const received: OfAll['events'] = [];
    for (let round = 0; round < 6; round += 1) {
      const last = received.at(-1)?.event?.position;
      const client = store.connect();
      const followed = follow(client, { fromPosition: last ?? from });
      await until('something came', () => followed.events.length > 20);
      await followed.stop();
      await client.dispose();
      received.push(...followed.events);
    }
    await load.stop();
    const expected = (await ownAfter(store, from)).map(idOf);
    expect(ids({ events: received })).toEqual(expected.slice(0, received.length));
  });

  it('lets many subscribers follow at once over one connection', async () => {
    const client = store.connect();
    const resumeFrom = await marker(store);
    const followers = Array.from({ length: 90 }, () =>
      follow(client, { fromPosition: END, resumeFrom }),
    );
    await until('all are live', () => followers.every(({ caughtUp }) => caughtUp > 0));
    const event = thing();
    await appendTo(store, newStream(), event, NO_STREAM);
    await until('all got it', () => followers.every(({ events }) => events.length > 0));
    expect(new Set(followers.flatMap(ids))).toEqual(new Set([event.id]));
    await Promise.all(followers.map((followed) => followed.stop()));
  });
});

describe('a subscription to a stream', () => {
  const revisions = ({ events }: ReturnType<typeof followStream>) =>
    events.map(({ event }) => event?.revision);

  it('delivers only that stream, from the start and live', async () => {
    const stream = newStream();
    const first = things(3);
    await appendTo(store, stream, first, NO_STREAM);
    const followed = followStream(store.connect(), stream);
    await until('it caught up', () => followed.caughtUp > 0);
    const next = things(2);
    await appendTo(store, newStream(), things(2), NO_STREAM);
    await appendTo(store, stream, next, 2n);
    await until('the rest came', () => followed.events.length >= 5);
    expect(ids(followed)).toEqual([...first, ...next].map(({ id }) => id));
    await followed.stop();
  });

  it.each([
    ['a revision', { fromRevision: 2n }, [3n, 4n, 5n, 6n]],
    ['the end', { fromRevision: END, resumeFrom: 5n }, [6n]],
  ] as const)('starts after %s, exclusively', async (_, options, expected) => {
    const stream = newStream();
    await appendTo(store, stream, things(6), NO_STREAM);
    const followed = followStream(store.connect(), stream, options);
    await until('it caught up', () => followed.caughtUp > 0);
    await appendTo(store, stream, thing(), 5n);
    await until('all came', () => followed.events.length >= expected.length);
    expect(revisions(followed)).toEqual(expected);
    await followed.stop();
  });

  it.each([
    ['nobody wrote yet', () => Promise.resolve()],
    [
      'was deleted',
      async (stream: string) => {
        await appendTo(store, stream, things(2), NO_STREAM);
        await store.client.deleteStream(stream);
      },
    ],
  ])('waits for a stream that %s, and has not caught up before', async (_, prepare) => {
    const stream = newStream();
    await prepare(stream);
    const client = store.connect();
    const followed = followStream(client, stream);
    await until('it is confirmed', () => followed.confirmed > 0);
    const existing = newStream();
    await appendTo(store, existing, thing(), NO_STREAM);
    const later = followStream(client, existing);
    await until('a later one caught up', () => later.caughtUp > 0);
    expect(followed.caughtUp).toBe(0);
    const event = thing();
    const { nextExpectedRevision } = await appendTo(store, stream, event, NO_STREAM);
    await until('it caught up', () => followed.caughtUp > 0);
    expect(ids(followed)).toEqual([event.id]);
    await appendTo(store, stream, thing(), nextExpectedRevision);
    await until('the next event came', () => followed.events.length > 1);
    expect(followed.caughtUp).toBe(1);
    await Promise.all([followed.stop(), later.stop()]);
  });

  it('has caught up at once where it follows a stream from the end, written or not', async () => {
    const stream = newStream();
    const followed = followStream(store.connect(), stream, {
      ...{ fromRevision: END, resumeFrom: START },
    });
    await until('it caught up', () => followed.caughtUp > 0);
    const event = thing();
    await appendTo(store, stream, event, NO_STREAM);
    await until('the event came', () => followed.events.length > 0);
    expect(ids(followed)).toEqual([event.id]);
    await followed.stop();
  });

  it('starts after the end of metadata, however many events the stream has', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(3), NO_STREAM);
    const followed = followStream(store.connect(), `$$${stream}`, { fromRevision: END });
    await until('it caught up', () => followed.caughtUp > 0);
    await store.client.setStreamMetadata(stream, { maxCount: 2 });
    await until('the metadata came', () => followed.events.length > 0);
    expect(revisions(followed)).toEqual([0n]);
    await followed.stop();
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
    const followed = followStream(store.connect(), stream);
    await until('it is far enough', () => followed.events.length > 1_700);
    stopping.abort();
    await writing;
    await until('all came', () => followed.events.length >= Number(last) + 1);
    expect(revisions(followed)).toEqual(
      Array.from({ length: Number(last) + 1 }, (_, n) => BigInt(n)),
    );
    await followed.stop();
  });

  it('ends with "deleted" when the stream is deleted for good', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(2), NO_STREAM);
    const followed = followStream(store.connect(), stream);
    await until('it caught up', () => followed.caughtUp > 0);
    await store.client.tombstoneStream(stream);
    await until('it ended', () => followed.error !== undefined);
    expect(followed.error).toBeInstanceOf(StreamDeletedError);
  });
});
