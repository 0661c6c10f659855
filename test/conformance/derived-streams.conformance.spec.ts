import {
  AccessDeniedError,
  ANY,
  BACKWARDS,
  binaryEvent,
  END,
  jsonEvent,
  NO_STREAM,
  StreamNotFoundError,
} from '@eventstore/db-client';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import {
  derived,
  idsOf,
  newCategory,
  newType,
  ofType,
  readDerived,
  revisionOf,
  streamOf,
  targetOf,
} from './derived.js';
import { describeDerived } from './projections.js';
import { describeNodeOnly, itNodeOnly, sharedStore } from './suite.js';
import { appendTo, classic, collect, failureOf, newStream, thing, things } from './support.js';

const store = sharedStore();

const linkTo = (place: string) => binaryEvent({ type: '$>', data: Buffer.from(place) });

/** Streams of one category with `perStream` events each, appended in turns. */
const filledCategory = async (streams = 3, perStream = 4) => {
  const category = newCategory();
  const names = Array.from({ length: streams }, () => streamOf(category));
  const events = [];
  for (let n = 0; n < perStream; n += 1) {
    for (const stream of names) {
      const event = thing(n);
      events.push({ stream, event, place: `${n}@${stream}` });
      await appendTo(store, stream, event, ANY);
    }
  }
  return { category, events, ce: `$ce-${category}`, ids: events.map(({ event }) => event.id) };
};

describeDerived('a category', () => {
  it('is a stream of links to its events, in the order of the log', async () => {
    const { ce, events } = await filledCategory();
    const read = await derived(store, ce, events.length);
    expect(read.map(targetOf)).toEqual(events.map(({ place }) => place));
    expect(read.map(revisionOf)).toEqual(events.map((_, index) => BigInt(index)));
    for (const { event, link } of read) {
      expect(link).toBeUndefined();
      expect(event).toMatchObject({ streamId: ce, type: '$>', isJson: false });
    }
    expect(new Set(idsOf(read)).size).toBe(events.length);
  });

  it('shows the events themselves beside the links when asked to follow them', async () => {
    const { ce, events, ids } = await filledCategory();
    const read = await derived(store, ce, events.length, { resolveLinkTos: true });
    expect(idsOf(read)).toEqual(ids);
    expect(read.map(({ event }) => event?.streamId)).toEqual(events.map(({ stream }) => stream));
    expect(read.map(({ link }) => [link?.streamId, link?.revision])).toEqual(
      events.map((_, index) => [ce, BigInt(index)]),
    );
  });

  it('is read in both directions, from every revision, up to a count', async () => {
    const { ce, events, ids } = await filledCategory();
    await derived(store, ce, events.length);
    for (let at = 0; at <= ids.length; at += 1) {
      const options = { fromRevision: BigInt(at), resolveLinkTos: true };
      const forwards = await readDerived(store, ce, options);
      expect(idsOf(forwards)).toEqual(ids.slice(at));
      const few = await readDerived(store, ce, { ...options, maxCount: 2 });
      expect(idsOf(few)).toEqual(ids.slice(at, at + 2));
      const backwards = await readDerived(store, ce, { ...options, direction: BACKWARDS });
      expect(idsOf(backwards)).toEqual(ids.slice(0, at + 1).toReversed());
    }
    const last = await readDerived(store, ce, {
      ...{ fromRevision: END, direction: BACKWARDS, maxCount: 1, resolveLinkTos: true },
    });
    expect(idsOf(last)).toEqual(ids.slice(-1));
  });

  it('ends at the first dash, and streams without one or of the system have none', async () => {
    const category = newCategory();
    for (const stream of [category, `$${category}-1`, `${category}x-1`]) {
      await appendTo(store, stream, thing(), ANY);
    }
    const events = things(3);
    for (const [index, rest] of ['-', '-a-b', '--'].entries()) {
      await appendTo(store, category + rest, events[index]!, NO_STREAM);
    }
    const ids = events.map(({ id }) => id);
    const read = await derived(store, `$ce-${category}`, 3, { resolveLinkTos: true });
    expect(idsOf(read)).toEqual(ids);
    expect(await readDerived(store, `$ce-${category}-a`)).toEqual([]);
  });

  it('of no event is not found', async () => {
    const failures = [
      await failureOf(collect(store.client.readStream(`$ce-${newCategory()}`))),
      await failureOf(collect(store.client.readStream(`$et-${newType()}`))),
    ];
    for (const failure of failures) expect(failure).toBeInstanceOf(StreamNotFoundError);
  });

  it('copies the links of its streams instead of linking to them', async () => {
    const { events } = await filledCategory(1, 2);
    const category = newCategory();
    const [first, second] = events.map(({ place }) => place);
    await store.client.appendToStream(`${category}-links`, [linkTo(second!), linkTo(first!)]);
    const unresolved = await derived(store, `$ce-${category}`, 2);
    expect(unresolved.map(targetOf)).toEqual([second, first]);
    const read = await readDerived(store, `$ce-${category}`, { resolveLinkTos: true });
    expect(idsOf(read)).toEqual(events.map(({ event }) => event.id).toReversed());
  });

  itNodeOnly('links to what has the type of a link and is none', async () => {
    const stream = streamOf(newCategory());
    const event = jsonEvent({ type: '$>', data: { no: 'link' } });
    await store.client.appendToStream(stream, event);
    const read = await derived(store, `$ce-${stream.split('-')[0]!}`, 1, { resolveLinkTos: true });
    expect(idsOf(read)).toEqual([event.id]);
    expect(read.map(({ link }) => link?.revision)).toEqual([0n]);
  });
});

describeDerived('a type', () => {
  it('is a stream of links to its events, whatever their streams', async () => {
    const type = newType('with-dashes and ünïcode ☀');
    const streams = [newStream(), newCategory('nodash'), `$${newCategory('system')}-1`];
    const events = streams.map((_, n) => ofType(type, n));
    for (const [index, stream] of streams.entries()) {
      await appendTo(store, stream, [thing(), events[index]!], NO_STREAM);
    }
    const unresolved = await derived(store, `$et-${type}`, 3);
    expect(unresolved.map(targetOf)).toEqual(streams.map((stream) => `1@${stream}`));
    const read = await readDerived(store, `$et-${type}`, { resolveLinkTos: true });
    expect(idsOf(read)).toEqual(events.map(({ id }) => id));
  });

  it('leaves links out', async () => {
    const type = newType();
    const stream = newStream();
    await appendTo(store, stream, ofType(type), NO_STREAM);
    await store.client.appendToStream(newStream(), linkTo(`0@${stream}`));
    await appendTo(store, stream, ofType(type), ANY);
    expect((await derived(store, `$et-${type}`, 2)).map(targetOf)).toEqual([
      `0@${stream}`,
      `1@${stream}`,
    ]);
  });

  itNodeOnly('whose name is too long has no stream, and others do', async () => {
    const category = newCategory();
    const fits = newType('☀'.repeat(320));
    const tooLong = newType(Array.from({ length: 80 }, () => newType('')).join(''));
    await appendTo(store, streamOf(category), [ofType(tooLong), ofType(fits)], NO_STREAM);
    expect(await readDerived(store, `$ce-${category}`)).toHaveLength(2);
    expect(await readDerived(store, `$et-${fits}`)).toHaveLength(1);
  });
});

describeDerived('links to what is gone', () => {
  it('stay, alone: truncated, deleted, tombstoned', async () => {
    const category = newCategory();
    const [truncated, deleted, tombstoned] = ['a', 'b', 'c'].map((id) => `${category}-${id}`);
    for (const stream of [truncated!, deleted!, tombstoned!]) {
      await appendTo(store, stream, things(2), NO_STREAM);
    }
    const ce = `$ce-${category}`;
    const before = await derived(store, ce, 6);
    await store.client.setStreamMetadata(truncated!, { truncateBefore: 1 });
    await store.client.deleteStream(deleted!);
    await store.client.tombstoneStream(tombstoned!);
    const after = await readDerived(store, ce, { resolveLinkTos: true, maxCount: 6 });
    expect(after.map(targetOf)).toEqual(before.map(targetOf));
    expect(after.map(({ event }) => event?.streamId)).toEqual(
      [undefined, truncated].concat(Array.from({ length: 4 }, () => undefined)),
    );
  });

  itNodeOnly('are followed by one to what deleted them', async () => {
    const stream = streamOf(newCategory());
    await appendTo(store, stream, thing(), NO_STREAM);
    await store.client.setStreamMetadata(stream, { maxCount: 10 });
    await store.client.deleteStream(stream);
    const ce = `$ce-${stream.split('-')[0]!}`;
    expect((await readDerived(store, ce)).map(targetOf)).toEqual([`0@${stream}`, `1@$$${stream}`]);
    const [, deletion] = await readDerived(store, ce, { resolveLinkTos: true });
    expect(deletion?.event).toMatchObject({ streamId: `$$${stream}`, type: '$metadata' });
    await store.client.tombstoneStream(stream);
    expect((await readDerived(store, ce)).map(targetOf).slice(2)).toEqual([
      `9223372036854775807@${stream}`,
    ]);
  });
});

describeDerived('derived streams', () => {
  it('equal the log, filtered', async () => {
    const names = fc.constantFrom('', '-', '--x', '-1', '-ä-ö', '-☀', '-日本-語', 'plain');
    const write = fc.record({
      category: fc.constantFrom('a', 'ü', '☀b', 'a b'),
      rest: names,
      type: fc.constantFrom('T', 't', 'T-1', 'Ту́п', '日'),
      count: fc.integer({ min: 1, max: 3 }),
    });
    const property = fc.asyncProperty(
      fc.array(write, { minLength: 1, maxLength: 12 }),
      async (writes) => {
        const own = newCategory('');
        const expected = new Map<string, (string | undefined)[]>();
        const expectIn = (stream: string, ids: string[]) =>
          expected.set(stream, [...(expected.get(stream) ?? []), ...ids]);
        for (const { category, rest, type, count } of writes) {
          const events = Array.from({ length: count }, (_, n) => ofType(type + own, n));
          const stream = `${own}${category}${rest}`;
          await appendTo(store, stream, events, ANY);
          const ids = events.map(({ id }) => id);
          expectIn(`$et-${type}${own}`, ids);
          if (stream.includes('-')) expectIn(`$ce-${stream.slice(0, stream.indexOf('-'))}`, ids);
        }
        for (const [stream, ids] of expected) {
          const read = await derived(store, stream, ids.length, { resolveLinkTos: true });
          expect({ stream, ids: idsOf(read) }).toEqual({ stream, ids });
          const backwards = {
            direction: BACKWARDS,
            fromRevision: END,
            resolveLinkTos: true,
          } as const;
          expect(idsOf(await readDerived(store, stream, backwards))).toEqual(ids.toReversed());
        }
      },
    );
    await fc.assert(property, { numRuns: 12 });
  });

  itNodeOnly('hold at once whatever was acknowledged', async () => {
    const category = newCategory();
    const readAfterAppend = async (): Promise<void> => {
      const event = thing();
      await appendTo(store, streamOf(category), event, NO_STREAM);
      const read = await readDerived(store, `$ce-${category}`, { resolveLinkTos: true });
      expect(idsOf(read)).toContain(event.id);
    };
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 20 }, readAfterAppend));
    }
    const read = await readDerived(store, `$ce-${category}`);
    expect(read.map(revisionOf)).toEqual(Array.from({ length: 100 }, (_, n) => BigInt(n)));
    expect(new Set(read.map(targetOf)).size).toBe(100);
  });
});

describeNodeOnly('derived streams are read-only (a server leaves that to access rules)', () => {
  it.each(['$ce-', '$et-', '$ce-thing', '$et-thing', '$$$ce-thing', '$$$et-thing'])(
    'appends to %s are refused on both transports',
    async (stream) => {
      const append = (options: object) =>
        failureOf(
          store.client.appendToStream(stream, thing(), { expectedRevision: ANY, ...options }),
        );
      expect(await append({})).toBeInstanceOf(AccessDeniedError);
      expect(await append(classic)).toBeInstanceOf(AccessDeniedError);
    },
  );

  it('deletes, tombstones and metadata, too; reading goes on', async () => {
    const { ce, ids } = await filledCategory();
    const { client } = store;
    for (const refused of [
      client.deleteStream(ce),
      client.tombstoneStream(ce),
      client.setStreamMetadata(ce, { maxCount: 1 }),
    ]) {
      expect(await failureOf(refused)).toBeInstanceOf(AccessDeniedError);
    }
    expect(idsOf(await readDerived(store, ce, { resolveLinkTos: true }))).toEqual(ids);
    expect((await client.getStreamMetadata(ce)).metadata).toBeUndefined();
  });
});
