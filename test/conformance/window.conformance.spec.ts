import {
  ANY,
  BACKWARDS,
  END,
  jsonEvent,
  NO_STREAM,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { followStream } from './follow.js';
import type { Store } from './store.js';
import { describeNodeOnly, ownStore, sharedStore } from './suite.js';
import {
  appendTo,
  collect,
  failureOf,
  marker,
  newStream,
  ownAfter,
  readFrom,
  revived,
  thing,
  things,
} from './support.js';

const store = sharedStore();

const revisions = async (
  stream: string,
  options: Parameters<Store['client']['readStream']>[1] = {},
): Promise<(bigint | undefined)[]> =>
  (await collect(store.client.readStream(stream, options))).map(({ event }) => event?.revision);

const streamOf = async (count: number, inStore: Store = store): Promise<string> => {
  const stream = newStream();
  await appendTo(inStore, stream, things(count), NO_STREAM);
  return stream;
};

/** Writes a metadata document as it is, past the client's own checks. */
const describeAs = (stream: string, document: unknown) =>
  appendTo(
    store,
    `$$${stream}`,
    jsonEvent({ type: '$metadata', data: document as Record<string, string> }),
    ANY,
  );

describe('metadata', () => {
  it('is kept as it was written, access rules and custom keys included', async () => {
    const stream = await streamOf(1);
    const written = {
      maxAge: 3600,
      maxCount: 100,
      acl: { readRoles: ['ops'], writeRoles: ['$admins'] },
      owner: 'lab',
    };
    await store.client.setStreamMetadata(stream, written);
    const { metadata } = await store.client.getStreamMetadata(stream);
    expect(metadata).toMatchObject({ maxAge: 3600, maxCount: 100, owner: 'lab' });
    expect(metadata?.acl).toBeDefined();
  });

  it('has revisions of its own, of which the last is shown', async () => {
    const stream = await streamOf(1);
    await store.client.setStreamMetadata(stream, { maxCount: 5 }, { expectedRevision: NO_STREAM });
    await store.client.setStreamMetadata(stream, { maxCount: 6 }, { expectedRevision: 0n });
    expect(await revisions(`$$${stream}`)).toEqual([1n]);
    expect((await store.client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 6 });
  });

  it('alone does not make a stream readable', async () => {
    const stream = newStream();
    await store.client.setStreamMetadata(stream, { owner: 'lab' });
    expect(await failureOf(revisions(stream))).toBeInstanceOf(StreamNotFoundError);
  });

  it('hides nothing when it is malformed', async () => {
    const stream = await streamOf(3);
    for (const document of [{ $maxCount: 'many' }, { $maxCount: 0 }, { $tb: -1 }, [], 'text']) {
      await describeAs(stream, document);
      expect(await revisions(stream)).toEqual([0n, 1n, 2n]);
    }
  });
});

describe('a window', () => {
  it('by count shows the last events, and moves with the stream', async () => {
    const stream = await streamOf(10);
    await store.client.setStreamMetadata(stream, { maxCount: 3 });
    expect(await revisions(stream)).toEqual([7n, 8n, 9n]);
    await appendTo(store, stream, thing(), 9n);
    expect(await revisions(stream)).toEqual([8n, 9n, 10n]);
    expect(await revisions(stream, { fromRevision: END, direction: BACKWARDS })).toEqual([
      10n,
      9n,
      8n,
    ]);
  });

  it('by truncation hides what lies before', async () => {
    const stream = await streamOf(10);
    await store.client.setStreamMetadata(stream, { truncateBefore: 6 });
    expect(await revisions(stream)).toEqual([6n, 7n, 8n, 9n]);
    await store.client.setStreamMetadata(stream, { truncateBefore: 6, maxCount: 2 });
    expect(await revisions(stream)).toEqual([8n, 9n]);
  });

  it('that lies behind the end is an empty stream, not a missing one', async () => {
    const stream = await streamOf(3);
    await store.client.setStreamMetadata(stream, { truncateBefore: 50 });
    expect(await revisions(stream)).toEqual([]);
    const { nextExpectedRevision } = await appendTo(store, stream, thing(), 2n);
    expect(nextExpectedRevision).toBe(3n);
  });

  it('by age hides events once they are old enough, at the time of reading', async () => {
    const stream = await streamOf(3);
    await store.client.setStreamMetadata(stream, { maxAge: 60 });
    expect(await revisions(stream)).toEqual([0n, 1n, 2n]);
    await store.client.setStreamMetadata(stream, { maxAge: 2 });
    await until('they are too old', async () => (await revisions(stream)).length === 0);
    // What is written then is shown, where the machine lets it be read before it is too old itself.
    let last = 2n;
    let young: (bigint | undefined)[] = [];
    await until('a young one was read', async () => {
      last = (await appendTo(store, stream, thing(), last)).nextExpectedRevision;
      young = await revisions(stream);
      return young.length > 0;
    });
    expect(young).toEqual([last]);
  });

  it('skips forward for a read that starts below it', async () => {
    const stream = await streamOf(10);
    await store.client.setStreamMetadata(stream, { truncateBefore: 6 });
    expect(await revisions(stream, { fromRevision: 2n })).toEqual([6n, 7n, 8n, 9n]);
    expect(await revisions(stream, { fromRevision: 2n, maxCount: 2 })).toEqual([6n, 7n]);
    expect(await revisions(stream, { fromRevision: 8n })).toEqual([8n, 9n]);
  });

  it('changes nothing in the whole log', async () => {
    const from = await marker(store);
    const stream = await streamOf(4);
    await store.client.setStreamMetadata(stream, { maxCount: 1 });
    const all = await ownAfter(store, from);
    expect(all.filter(({ event }) => event?.streamId === stream)).toHaveLength(4);
  });

  it('bounds what a subscription catches up with', async () => {
    const stream = await streamOf(10);
    await store.client.setStreamMetadata(stream, { maxCount: 3 });
    const followed = followStream(store.connect(), stream);
    await until('it caught up', () => followed.caughtUp > 0);
    expect(followed.events.map(({ event }) => event?.revision)).toEqual([7n, 8n, 9n]);
    await followed.stop();
  });
});

describe('a deleted stream', () => {
  it('is not found, though its events stay in the log', async () => {
    const from = await marker(store);
    const stream = await streamOf(3);
    await store.client.deleteStream(stream);
    expect(await failureOf(revisions(stream))).toBeInstanceOf(StreamNotFoundError);
    const all = await ownAfter(store, from);
    expect(all.filter(({ event }) => event?.streamId === stream)).toHaveLength(3);
  });

  it('is revived by writing it, its numbering going on, the old events hidden', async () => {
    const stream = await streamOf(3);
    await store.client.deleteStream(stream);
    const { nextExpectedRevision } = await appendTo(store, stream, things(2), NO_STREAM);
    expect(nextExpectedRevision).toBe(4n);
    expect(await revived(() => revisions(stream))).toEqual([3n, 4n]);
    expect(await revisions(stream, { fromRevision: END, direction: BACKWARDS })).toEqual([4n, 3n]);
    expect((await store.client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
  });

  it('can be deleted and revived again and again', async () => {
    const stream = await streamOf(1);
    for (let last = 0n; last < 4n; last += 1n) {
      await store.client.deleteStream(stream, { expectedRevision: last });
      expect(await failureOf(revisions(stream))).toBeInstanceOf(StreamNotFoundError);
      await appendTo(store, stream, thing(), last);
      expect(await revived(() => revisions(stream))).toEqual([last + 1n]);
    }
  });

  it('is revived by metadata, which does not bring the old events back', async () => {
    const stream = await streamOf(3);
    await store.client.deleteStream(stream);
    await store.client.setStreamMetadata(stream, { owner: 'lab' });
    expect(await revived(() => revisions(stream))).toEqual([]);
    await appendTo(store, stream, thing(), 2n);
    expect(await revisions(stream)).toEqual([3n]);
    expect((await store.client.getStreamMetadata(stream)).metadata).toMatchObject({ owner: 'lab' });
  });

  it('loses its old metadata with the deletion', async () => {
    const stream = await streamOf(3);
    await store.client.setStreamMetadata(stream, { maxCount: 2, owner: 'lab' });
    await store.client.deleteStream(stream);
    await appendTo(store, stream, things(3), ANY);
    expect((await store.client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
    expect(await revived(() => revisions(stream))).toEqual([3n, 4n, 5n]);
  });

  it('tells at which position it was deleted', async () => {
    const stream = await streamOf(1);
    const { position } = await store.client.deleteStream(stream);
    const [deletion] = await readFrom(store, position!, { maxCount: 1 });
    expect(deletion?.event).toMatchObject({ streamId: `$$${stream}`, type: '$metadata', position });
  });
});

describeNodeOnly('all of it', () => {
  const killed = ownStore();

  it('holds after a restart', async () => {
    const windowed = await streamOf(5, killed);
    await killed.client.setStreamMetadata(windowed, { maxCount: 2 });
    const alive = await streamOf(2, killed);
    await killed.client.deleteStream(alive);
    await appendTo(killed, alive, thing(), ANY);
    const deleted = await streamOf(2, killed);
    await killed.client.deleteStream(deleted);
    await killed.node.kill();
    await killed.node.restart();
    const client = killed.connect();
    const read = async (stream: string) =>
      (await collect(client.readStream(stream))).map(({ event }) => event?.revision);
    expect(await read(windowed)).toEqual([3n, 4n]);
    expect(await read(alive)).toEqual([2n]);
    expect(await failureOf(read(deleted))).toBeInstanceOf(StreamNotFoundError);
    await client.appendToStream(deleted, thing(), { expectedRevision: 1n });
    expect(await read(deleted)).toEqual([2n]);
  });
});
