import { END, NO_STREAM, type ResolvedEvent, START } from '@eventstore/db-client';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import {
  derived,
  holds,
  idsOf,
  newCategory,
  newType,
  ofType,
  readDerived,
  revisionOf,
  revisions,
  streamOf,
  targetOf,
} from './derived.js';
import { type Followed, followStream } from './follow.js';
import { describeDerived } from './projections.js';
import { sharedStore } from './suite.js';
import { appendTo, newStream, thing, things } from './support.js';

const store = sharedStore();

describeDerived('subscribing to a derived stream', () => {
  it('gives what is there and what comes, from the start, behind a revision, from the end', async () => {
    const category = newCategory();
    const ce = `$ce-${category}`;
    await appendTo(store, streamOf(category), things(6), NO_STREAM);
    await derived(store, ce, 6);
    const client = store.connect();
    const fromStart = followStream(client, ce);
    const behind = followStream(client, ce, { fromRevision: 3n });
    const fromEnd = followStream(client, ce, { fromRevision: END, resumeFrom: 5n });
    const all = [fromStart, behind, fromEnd];
    await until('all caught up', () => all.every(({ caughtUp }) => caughtUp > 0));
    expect(fromEnd.events).toEqual([]);
    await appendTo(store, streamOf(category), things(4), NO_STREAM);
    await holds(fromStart, 10);
    await holds(behind, 6);
    await holds(fromEnd, 4);
    expect(fromStart.events.map(revisionOf)).toEqual(revisions(0, 9));
    expect(behind.events.map(revisionOf)).toEqual(revisions(4, 9));
    expect(fromEnd.events.map(revisionOf)).toEqual(revisions(6, 9));
    expect(fromStart.events).toEqual(await readDerived(store, ce));
    await Promise.all(all.map((following) => following.stop()));
  });

  it('of nothing yet has not caught up before the first event; one behind the end waits for it', async () => {
    const type = newType();
    const client = store.connect();
    const [fromStart, ahead] = ([START, 2n] as const).map((fromRevision) =>
      followStream(client, `$et-${type}`, { fromRevision, resolveLinkTos: true }),
    ) as [Followed<ResolvedEvent>, Followed<ResolvedEvent>];
    await until('both are confirmed', () => fromStart.confirmed > 0 && ahead.confirmed > 0);
    const existing = newStream();
    await appendTo(store, existing, thing(), NO_STREAM);
    const later = followStream(client, existing);
    await until('a later one caught up', () => later.caughtUp > 0);
    expect([fromStart.caughtUp, ahead.caughtUp]).toEqual([0, 0]);
    const events = Array.from({ length: 5 }, (_, n) => ofType(type, n));
    for (const event of events) await appendTo(store, newStream(), [thing(), event], NO_STREAM);
    await holds(fromStart, 5);
    await holds(ahead, 2);
    expect(idsOf(fromStart.events)).toEqual(events.map(({ id }) => id));
    expect(idsOf(ahead.events)).toEqual(events.slice(3).map(({ id }) => id));
    await until('it caught up', () => fromStart.caughtUp > 0);
    await appendTo(store, newStream(), ofType(type), NO_STREAM);
    await holds(fromStart, 6);
    expect(fromStart.caughtUp).toBe(1);
    await Promise.all([fromStart, ahead, later].map((one) => one.stop()));
  });

  it('misses nothing and doubles nothing while others append', async () => {
    const category = newCategory();
    const type = newType();
    const [ce, et] = [`$ce-${category}`, `$et-${type}`];
    const client = store.connect();
    const following: Followed<ResolvedEvent>[] = [];
    let written = 0;
    const write = async (): Promise<void> => {
      for (let n = 0; n < 40; n += 1) {
        const events = [ofType(type), ...things(n % 3)];
        await appendTo(store, n % 4 === 0 ? newStream() : streamOf(category), events, NO_STREAM);
        written += 1;
      }
    };
    const subscribe = async (): Promise<void> => {
      for (const at of [0, 60, 120, 180, 240]) {
        await until('more is written', () => written >= at);
        following.push(followStream(client, ce), followStream(client, et));
      }
    };
    await Promise.all([subscribe(), ...Array.from({ length: 8 }, write)]);
    for (const [index, one] of following.entries()) {
      const [stream, count] = index % 2 === 0 ? [ce, 8 * 60] : [et, 8 * 40];
      await holds(one, count);
      const read = await derived(store, stream, count);
      expect(one.events.map(targetOf)).toEqual(read.map(targetOf));
      expect(one.events.map(revisionOf)).toEqual(revisions(0, count - 1));
      expect(idsOf(one.events)).toEqual(idsOf(read));
    }
    await Promise.all(following.map((one) => one.stop()));
  });
});
