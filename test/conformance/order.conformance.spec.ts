import { ANY, BACKWARDS, NO_STREAM, type Position } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { sharedStore } from './suite.js';
import {
  appendTo,
  byPosition,
  classic,
  collect,
  commitOf,
  idOf,
  marker,
  newStream,
  readFrom,
  things,
} from './support.js';

const store = sharedStore();

describe('64 concurrent writers', () => {
  const WRITERS = 64;
  const ROUNDS = 12;
  const own = new Set<string>();
  const acknowledged: { ids: readonly string[]; position: bigint; asked: number; told: number }[] =
    [];
  let followed: ReturnType<typeof follow>;
  let before: Position;

  beforeAll(async () => {
    const shared = newStream('shared');
    before = await marker(store);
    followed = follow(store.connect(), { fromPosition: before });
    await until('the subscription is live', () => followed.caughtUp > 0);
    let clock = 0;
    const write = async (writer: number): Promise<void> => {
      const stream = newStream('writer');
      for (let round = 0; round < ROUNDS; round += 1) {
        const events = things(1 + ((writer + round) % 4));
        const isShared = round % 3 === 0;
        for (const { id } of events) own.add(id);
        const asked = (clock += 1);
        const { position } = await appendTo(
          store,
          isShared ? shared : stream,
          events,
          ANY,
          writer % 8 === 0 ? classic : {},
        );
        const ids = events.map((event) => event.id);
        acknowledged.push({ ids, position: position!.commit, asked, told: (clock += 1) });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    await until('all is delivered', () => ownEvents().length >= own.size);
  });

  afterAll(() => followed.stop());

  const ownEvents = () => followed.events.filter(({ event }) => own.has(event?.id ?? ''));

  it('see every event once, by subscription and by reading in both directions', async () => {
    const after = await marker(store);
    const between = await readFrom(store, before);
    const ids = (events: typeof between) => events.map(idOf).filter((id) => own.has(id));
    const forwards = ids(between);
    expect(forwards).toHaveLength(own.size);
    expect(new Set(forwards).size).toBe(own.size);
    expect(ownEvents().map(idOf)).toEqual(forwards);
    const count = between.filter((event) => commitOf(event) < after.commit).length;
    const back = await readFrom(store, after, { direction: BACKWARDS, maxCount: count });
    expect(ids(back).toReversed()).toEqual(forwards);
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
      const { position } = await appendTo(store, stream, events, NO_STREAM);
      const ids = events.map((event) => event.id);
      const [streamed, [last]] = await Promise.all([
        collect(store.client.readStream(stream)),
        readFrom(store, position!, { maxCount: 1 }),
      ]);
      expect(streamed.map(idOf)).toEqual(ids);
      expect(last?.event?.id).toEqual(ids[1]);
    }
  });

  it('of two racing for the same revision is the only one', async () => {
    const stream = newStream();
    const racing = Array.from({ length: 20 }, () => appendTo(store, stream, things(1), NO_STREAM));
    const results = await Promise.allSettled(racing);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
