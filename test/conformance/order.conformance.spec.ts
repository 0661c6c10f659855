import { ANY, BACKWARDS, END, NO_STREAM, START } from '@eventstore/db-client';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import {
  appendTo,
  classic,
  collect,
  commitOf,
  follow,
  newStream,
  sharedStore,
  things,
} from './support.js';

const store = sharedStore();

const byPosition = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

describe('64 concurrent writers', () => {
  const WRITERS = 64;
  const ROUNDS = 12;
  const own = new Set<string>();
  const acknowledged: { ids: readonly string[]; position: bigint; asked: number; told: number }[] =
    [];
  let followed: ReturnType<typeof follow>;

  beforeAll(async () => {
    const shared = newStream('shared');
    await appendTo(store, shared, [], ANY);
    followed = follow(store.connect(), { fromPosition: END });
    await until('the subscription is live', () => followed.caughtUp > 0);
    let clock = 0;
    const write = async (writer: number): Promise<void> => {
      const stream = newStream('writer');
      for (let round = 0; round < ROUNDS; round += 1) {
        const events = things(1 + ((writer + round) % 4));
        const isShared = round % 3 === 0;
        for (const { id } of events) own.add(id);
        const asked = (clock += 1);
        const { position } = await store.client.appendToStream(isShared ? shared : stream, events, {
          expectedRevision: ANY,
          ...(writer % 8 === 0 ? classic : {}),
        });
        const ids = events.map((event) => event.id);
        acknowledged.push({ ids, position: position!.commit, asked, told: (clock += 1) });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    await until('all is delivered', () => ownEvents().length >= own.size);
  });

  const ownEvents = () => followed.events.filter(({ event }) => own.has(event?.id ?? ''));

  it('see every event once, by subscription and by reading in both directions', async () => {
    const read = await collect(store.client.readAll({ fromPosition: START }));
    const forwards = read.map(({ event }) => event?.id ?? '').filter((id) => own.has(id));
    expect(forwards).toHaveLength(own.size);
    expect(new Set(forwards).size).toBe(own.size);
    expect(ownEvents().map(({ event }) => event?.id)).toEqual(forwards);
    const back = await collect(store.client.readAll({ fromPosition: END, direction: BACKWARDS }));
    const backwards = back.map(({ event }) => event?.id ?? '').filter((id) => own.has(id));
    expect(backwards.toReversed()).toEqual(forwards);
  });

  it('find positions strictly growing', () => {
    const positions = ownEvents().map(commitOf);
    expect(positions).toEqual(positions.toSorted(byPosition));
    expect(new Set(positions).size).toBe(positions.length);
  });

  it('find the events of one append next to each other and without a gap in their stream', () => {
    const order = ownEvents().map(({ event }) => event?.id ?? '');
    for (const { ids } of acknowledged) {
      const at = order.indexOf(ids[0]!);
      expect(order.slice(at, at + ids.length)).toEqual(ids);
    }
    const revisions = new Map<string, bigint>();
    for (const { event } of ownEvents()) {
      const last = revisions.get(event!.streamId) ?? -1n;
      expect(event!.revision).toBe(last + 1n);
      revisions.set(event!.streamId, event!.revision);
    }
  });

  it('find the order of the log to be that of their appends, where one was over before another began', () => {
    const placed = acknowledged.toSorted((a, b) => byPosition(a.position, b.position));
    let latestAsked = 0;
    for (const { asked, told } of placed) {
      expect(told).toBeGreaterThan(latestAsked);
      latestAsked = Math.max(latestAsked, asked);
    }
  });

  it('are told the position at which their last event lies', () => {
    const places = new Map(ownEvents().map((event) => [event.event?.id, commitOf(event)]));
    for (const { ids, position } of acknowledged) expect(places.get(ids.at(-1))).toBe(position);
  });
});

describe('positions', () => {
  it('are not contiguous, so that nobody counts with them', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(50), NO_STREAM);
    const read = await collect(store.client.readStream(stream));
    const steps = read.slice(1).map((event, index) => commitOf(event) - commitOf(read[index]!));
    expect(new Set(steps).size).toBeGreaterThan(1);
    expect(read.every(({ event }) => event?.position?.commit === event?.position?.prepare)).toBe(
      true,
    );
  });
});

describe('an append that was acknowledged', () => {
  it('is there for the next reader, of the stream and of everything', async () => {
    for (let round = 0; round < 30; round += 1) {
      const stream = newStream();
      const events = things(2);
      await appendTo(store, stream, events, NO_STREAM);
      const ids = events.map((event) => event.id);
      const [streamed, last] = await Promise.all([
        collect(store.client.readStream(stream)),
        collect(store.client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 2 })),
      ]);
      expect(streamed.map(({ event }) => event?.id)).toEqual(ids);
      expect(last.map(({ event }) => event?.id)).toEqual(ids.toReversed());
    }
  });

  it('of two racing for the same revision is the only one', async () => {
    const stream = newStream();
    const racing = Array.from({ length: 20 }, () => appendTo(store, stream, things(1), NO_STREAM));
    const results = await Promise.allSettled(racing);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
