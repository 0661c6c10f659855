import { setTimeout as sleep } from 'node:timers/promises';

import {
  ANY,
  END,
  type EventStoreDBClient,
  NO_STREAM,
  type ResolvedEvent,
  START,
  TimeoutError,
} from '@eventstore/db-client';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { newCategory, streamOf } from './derived.js';
import { follow } from './follow.js';
import { describeNodeOnly, ownStore } from './suite.js';
import { appendTo, marker, newStream, things } from './support.js';

type Subscription = AsyncIterable<ResolvedEvent> & {
  on(event: 'caughtUp', listener: () => void): unknown;
};

/** Follows what the appends to `stream` add, after the event that came last. */
interface Followable {
  readonly stream: string;
  readonly open: (client: EventStoreDBClient, last: ResolvedEvent | undefined) => Subscription;
}

const onlyOne = { highWaterMark: 1 };

const ofStream = (stream: string, name = stream): Followable => ({
  stream,
  open: (client, last) => {
    const fromRevision = (last?.link ?? last?.event)?.revision ?? START;
    return client.subscribeToStream(name, { fromRevision, resolveLinkTos: true }, onlyOne);
  },
});

const kinds: [string, () => Followable][] = [
  [
    'the whole log',
    () => ({
      stream: newStream(),
      open: (client, last) => {
        const fromPosition = last?.event?.position ?? END;
        return client.subscribeToAll({ fromPosition }, onlyOne);
      },
    }),
  ],
  ['one stream', () => ofStream(newStream())],
  [
    'a category, its links followed',
    () => {
      const category = newCategory();
      return ofStream(streamOf(category), `$ce-${category}`);
    },
  ],
];

describeNodeOnly.each(kinds)('a live reader of %s', (_, make) => {
  const store = ownStore();
  // Large, so that few of them lie on the way between the two.
  const data = { text: 'x'.repeat(20_000) };

  /** Starts to read, live; `pause` is called after each event. */
  const following = async (pause: (received: number) => Promise<unknown>) => {
    const { stream, open } = make();
    const append = async (count: number): Promise<void> => {
      const events = things(count).map((event) => ({ ...event, data }));
      await appendTo(store, stream, events, ANY);
    };
    const client = store.connect();
    const reader = { received: [] as string[], dropped: 0, caughtUp: 0, total: Infinity };
    let last: ResolvedEvent | undefined;
    const read = async (): Promise<void> => {
      const subscription = open(client, last);
      subscription.on('caughtUp', () => (reader.caughtUp += 1));
      for await (const resolved of subscription) {
        if (resolved.event?.streamId !== stream) continue;
        last = resolved;
        reader.received.push(resolved.event.id);
        if (reader.received.length >= reader.total) return;
        await pause(reader.received.length);
      }
    };
    const done = (async (): Promise<void> => {
      while (reader.received.length < reader.total) {
        await read().catch((error: unknown) => {
          if (!(error instanceof TimeoutError)) throw error;
          expect(error.message).toContain('Consumer too slow to handle event while live');
          reader.dropped += 1;
        });
      }
    })();
    if (make !== kinds[0]?.[1]) await append(1);
    await until('it is live', () => reader.caughtUp > 0);
    return { append, reader, stream, done };
  };

  it('is dropped when it takes nothing for a second, resumes after what it got, misses nothing, and holds nobody up', async () => {
    const quick = follow(store.connect(), { fromPosition: await marker(store) });
    const { append, reader, stream, done } = await following(async (received) => {
      if (received === 5) await sleep(2_500);
    });
    const started = performance.now();
    while (reader.dropped === 0) {
      expect(performance.now() - started).toBeLessThan(15_000);
      await append(20);
      await sleep(50);
    }
    const all = (): string[] =>
      quick.events.flatMap(({ event }) => (event?.streamId === stream ? [event.id] : []));
    const last = await marker(store);
    await until('the quick one has all', () =>
      quick.events.some(({ event }) => event?.position.commit === last.commit),
    );
    reader.total = all().length;
    // Where it had all already, one more lets it look.
    await append(1);
    await until('the slow one has all', () => reader.received.length >= reader.total);
    await done;
    expect(reader.received.slice(0, reader.total)).toEqual(all().slice(0, reader.total));
    expect(new Set(reader.received).size).toBe(reader.received.length);
    await quick.stop();
  });

  it('keeps its subscription while it takes one event after the other, though a page of them takes it seconds', async () => {
    const { append, reader, done } = await following(() => sleep(40));
    const end = performance.now() + 5_000;
    while (performance.now() < end) {
      await append(20);
      await sleep(200);
    }
    reader.total = 0;
    await done;
    expect(reader.received.length).toBeGreaterThan(53);
    expect(reader.dropped).toBe(0);
  });
});

describeNodeOnly('as a server does', () => {
  const server = ownStore({ EVENT_NODE_ANSWERS: 'as-a-server' });

  it.each([
    [32, false],
    [33, true],
  ])('a burst of %i events drops a live reader: %s', async (count, isDropped) => {
    let error: Error | undefined;
    let received = 0;
    let isLive = false;
    const subscription = server.connect().subscribeToAll({ fromPosition: END });
    subscription
      .on('caughtUp', () => (isLive = true))
      .on('data', () => (received += 1))
      .on('error', (failure) => (error = failure));
    await until('it is live', () => isLive);
    await appendTo(server, newStream(), things(count), NO_STREAM);
    await until('it ended or has all', () => error !== undefined || received === count);
    expect(error).toEqual(isDropped ? expect.any(TimeoutError) : undefined);
    expect(received).toBe(isDropped ? 0 : count);
    await subscription.unsubscribe();
  });
});
