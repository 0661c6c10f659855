import { randomUUID } from 'node:crypto';

import { ANY, type EventStoreDBClient, NO_STREAM, START } from '@eventstore/db-client';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { describeNodeOnly, ownStore } from './suite.js';
import {
  byPosition,
  collect,
  commitOf,
  idOf,
  idsIn,
  marker,
  newStream,
  ownAfter,
  thing,
  things,
} from './support.js';

interface Writers {
  readonly acknowledged: Map<string, readonly string[]>;
  readonly attempted: Map<string, readonly string[]>;
  readonly stopped: Promise<unknown>;
}

/** Writers that append batches of one to five events to streams of their own until the store breaks. */
const writeUntilBroken = (client: EventStoreDBClient, count: number): Writers => {
  const acknowledged = new Map<string, readonly string[]>();
  const attempted = new Map<string, readonly string[]>();
  const write = async (): Promise<void> => {
    for (;;) {
      const stream = newStream('crash');
      const events = things(1 + (attempted.size % 5));
      const ids = events.map((event) => event.id);
      attempted.set(stream, ids);
      await client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
      acknowledged.set(stream, ids);
    }
  };
  const writers = Array.from({ length: count }, () => write().catch(() => undefined));
  return { acknowledged, attempted, stopped: Promise.all(writers) };
};

describeNodeOnly('a store killed under load (killed: node only)', () => {
  const store = ownStore();

  it.each([1, 2, 3])('round %i: holds what it acknowledged, and no half of a batch', async () => {
    const client = store.connect();
    const from = await marker({ client });
    const writers = writeUntilBroken(client, 16);
    await until('something is acknowledged', () => writers.acknowledged.size > 0);
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 250));
    await store.node.kill();
    await writers.stopped;
    await store.node.restart();

    const stored = new Map<string, string[]>();
    for (const event of await ownAfter({ client: store.connect() }, from)) {
      const stream = event.event!.streamId;
      stored.set(stream, [...(stored.get(stream) ?? []), idOf(event)]);
    }
    for (const [stream, ids] of writers.attempted) {
      const expected = writers.acknowledged.has(stream) ? ids : stored.get(stream) && ids;
      expect({ stream, stored: stored.get(stream) }).toEqual({ stream, stored: expected });
    }
  });

  it('has no position or revision twice afterwards, and goes on behind the last', async () => {
    const client = store.connect();
    const before = await collect(client.readAll({ fromPosition: START }));
    const positions = before.map(commitOf);
    expect(new Set(positions).size).toBe(positions.length);
    expect(positions).toEqual(positions.toSorted(byPosition));
    const places = before.map(({ event }) => `${event?.revision}@${event?.streamId}`);
    expect(new Set(places).size).toBe(places.length);
    const next = await client.appendToStream(newStream(), thing(), { expectedRevision: NO_STREAM });
    expect(next.position!.commit).toBeGreaterThan(positions.at(-1)!);
  });

  it('settles an append whose answer was lost: asked again with the same ids, it is there once', async () => {
    const stream = newStream('lost-answer');
    const events = things(3);
    const client = store.connect();
    await client.appendToStream(newStream(), thing(), { expectedRevision: ANY });
    const answer = client
      .appendToStream(stream, events, { expectedRevision: NO_STREAM })
      .catch(() => undefined);
    await store.node.kill();
    await answer;
    await store.node.restart();
    const again = store.connect();
    const result = await again.appendToStream(stream, events, { expectedRevision: NO_STREAM });
    expect(result.nextExpectedRevision).toBe(2n);
    expect(await idsIn({ client: again }, stream)).toEqual(events.map((event) => event.id));
  });

  it('shows a reader nothing that it then forgets', async () => {
    const client = store.connect();
    const writers = writeUntilBroken(client, 8);
    const seen = new Set<string>();
    const subscription = store.connect().subscribeToAll({ fromPosition: START });
    subscription.on('data', ({ event }) => seen.add(event?.id ?? randomUUID()));
    subscription.on('error', () => undefined);
    await until('it sees what is being written', () =>
      [...writers.acknowledged.values()].flat().some((id) => seen.has(id)),
    );
    await store.node.kill();
    await writers.stopped;
    await store.node.restart();
    const kept = await collect(store.connect().readAll({ fromPosition: START }));
    const ids = new Set(kept.map(({ event }) => event?.id));
    expect([...seen].filter((id) => !ids.has(id))).toEqual([]);
  });
});
