import { ANY, NO_STREAM, type ResolvedEvent, START } from '@eventstore/db-client';
import pg from 'pg';
import { expect, it } from 'vitest';

import { until } from '#testing/until.js';

import {
  holds,
  idsOf,
  newCategory,
  readDerived,
  revisionOf,
  revisions,
  streamOf,
  targetOf,
} from './derived.js';
import { followStream, isTooSlow } from './follow.js';
import { describeNodeOnly, ownStore } from './suite.js';
import { appendTo, byPosition, collect, idOf, marker, ownAfter, things } from './support.js';

describeNodeOnly('derived streams of a node of its own', () => {
  const store = ownStore();

  it('drop a live follower that is slow, which resumes where it was', async () => {
    const category = newCategory();
    const ce = `$ce-${category}`;
    const stream = streamOf(category);
    await appendTo(store, stream, things(1), NO_STREAM);
    const client = store.connect();
    const options = { fromRevision: START, resolveLinkTos: true } as const;
    const slow = client.subscribeToStream(ce, options, { highWaterMark: 1 });
    const before: ResolvedEvent[] = [];
    let caughtUp = false;
    let failure: Error | undefined;
    slow
      .on('caughtUp', () => (caughtUp = true))
      .on('data', (event) => before.push(event))
      .on('error', (error) => (failure = error));
    await until('it caught up', () => caughtUp);
    slow.pause();
    for (let n = 0; n < 2; n += 1) {
      // Large, so that few of them lie on the way between the two.
      const data = { text: 'x'.repeat(1_500) };
      await appendTo(
        store,
        stream,
        things(500).map((event) => ({ ...event, data })),
        ANY,
      );
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    }
    slow.resume();
    await until('it was dropped', () => failure !== undefined);
    expect(isTooSlow(failure)).toBe(true);
    const last = before.at(-1);
    const fromRevision = last === undefined ? START : revisionOf(last);
    const after = followStream(client, ce, { fromRevision, resolveLinkTos: true });
    await holds(after, 1_001 - before.length);
    const all = [...before, ...after.events];
    expect(all.map(revisionOf)).toEqual(revisions(0, 1_000));
    expect(all.map(({ event }) => event?.revision)).toEqual(revisions(0, 1_000));
    await after.stop();
  });

  it('are the log, filtered, after any number of kills in the middle of indexing', async () => {
    const category = newCategory();
    const streams = Array.from({ length: 10 }, () => streamOf(category));
    for (const stream of streams) await appendTo(store, stream, things(1_000), NO_STREAM);
    const ce = `$ce-${category}`;
    const expected = streams.flatMap((stream) =>
      Array.from({ length: 1_000 }, (_, n) => `${n}@${stream}`),
    );
    for (let round = 0; ; round += 1) {
      const read = readDerived({ client: store.connect() }, ce, { maxCount: 1 }).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => setTimeout(resolve, 20 * 2.5 ** round));
      await store.node.kill();
      const complete = await read;
      await store.node.restart();
      if (complete) break;
    }
    const read = await readDerived({ client: store.connect() }, ce);
    expect(read.map(targetOf)).toEqual(expected);
    expect(read.map(revisionOf)).toEqual(revisions(0, expected.length - 1));
  });

  it('go on after an indexer that outlived its node', async () => {
    const category = newCategory();
    const ce = `$ce-${category}`;
    await appendTo({ client: store.connect() }, streamOf(category), things(10), NO_STREAM);
    const blocker = new pg.Client(store.databaseUrl);
    const observer = new pg.Client(store.databaseUrl);
    await Promise.all([blocker.connect(), observer.connect()]);
    await blocker.query('begin; select 1 from derived_checkpoint for update');
    const indexers = async () => {
      const waiting = await observer.query(`
        select 1 from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and query like '%update derived_checkpoint%'`);
      return waiting.rowCount ?? 0;
    };
    let read: Promise<ResolvedEvent[]> | undefined;
    try {
      const lost = readDerived({ client: store.connect() }, ce).catch(() => undefined);
      await until('the first one waits', async () => (await indexers()) === 1);
      await store.node.kill();
      await lost;
      await store.node.restart();
      read = readDerived({ client: store.connect() }, ce);
      await until('the second one waits, too', async () => (await indexers()) === 2);
    } finally {
      await Promise.all([blocker.end(), observer.end()]);
    }
    expect((await read).map(revisionOf)).toEqual(revisions(0, 9));
  });

  it.each([1, 2, 3])(
    'lose and double nothing under appends, and number alike, round %i',
    async () => {
      const category = newCategory();
      const ce = `$ce-${category}`;
      const client = store.connect();
      const from = await marker({ client });
      const acknowledged = new Set<string>();
      const write = async (): Promise<void> => {
        for (;;) {
          const stream = streamOf(category);
          const events = things(3);
          await appendTo({ client }, stream, events, NO_STREAM);
          for (const { id } of events) acknowledged.add(id);
        }
      };
      const following = followStream(store.connect(), ce, { resolveLinkTos: true });
      const readOn = async (): Promise<void> => {
        for (;;) await readDerived({ client }, ce, { maxCount: 1 });
      };
      const busy = [...Array.from({ length: 8 }, write), readOn()].map((one) =>
        one.catch(() => undefined),
      );
      await until('something is acknowledged', () => acknowledged.size > 30);
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 200));
      await store.node.kill();
      await Promise.all(busy);
      await store.node.restart();

      const reader = { client: store.connect() };
      const read = await readDerived(reader, ce, { resolveLinkTos: true });
      expect(read.map(revisionOf)).toEqual(revisions(0, read.length - 1));
      expect(idsOf(read).slice(0, following.events.length)).toEqual(idsOf(following.events));
      const log = await ownAfter(reader, from);
      const stored = log.filter(({ event }) => event?.streamId.startsWith(`${category}-`));
      expect(idsOf(read)).toEqual(stored.map(idOf));
      const ids = new Set(idsOf(read));
      expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
      const commits = read.map(({ link }) => link?.position?.commit ?? 0n);
      expect(commits).toEqual(commits.toSorted(byPosition));
      expect(await collect(reader.client.readStream(ce))).toHaveLength(read.length);
    },
  );
});
