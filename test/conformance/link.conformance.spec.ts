import { binaryEvent, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { sharedStore } from './suite.js';
import { appendTo, collect, idOf, marker, newStream, ownAfter, thing, things } from './support.js';

const store = sharedStore();

const linkTo = (revision: number | bigint, stream: string) =>
  binaryEvent({ type: '$>', data: Buffer.from(`${revision}@${stream}`) });

/** A stream with links to the second and the first event of another. */
const linked = async () => {
  const target = newStream('target');
  const events = things(2);
  await appendTo(store, target, events, NO_STREAM);
  const links = newStream('links');
  await appendTo(store, links, [linkTo(1, target), linkTo(0, target)], NO_STREAM);
  return { target, links, ids: events.map(({ id }) => id) };
};

describe('links', () => {
  it('are followed when asked for, and shown beside what they lead to', async () => {
    const { target, links, ids } = await linked();
    const read = await collect(store.client.readStream(links, { resolveLinkTos: true }));
    expect(read.map(idOf)).toEqual(ids.toReversed());
    expect(read.map(({ event }) => event?.streamId)).toEqual([target, target]);
    expect(read.map(({ link }) => [link?.streamId, link?.revision])).toEqual([
      [links, 0n],
      [links, 1n],
    ]);
    expect(read.map(({ commitPosition }) => commitPosition)).toEqual(
      read.map(({ link }) => link?.position?.commit),
    );
  });

  it('are events like any other when not asked for', async () => {
    const { links } = await linked();
    const read = await collect(store.client.readStream(links));
    expect(read.map(({ event, link }) => [event?.type, link])).toEqual([
      ['$>', undefined],
      ['$>', undefined],
    ]);
  });

  it('are followed in everything and by subscriptions, too', async () => {
    const from = await marker(store);
    const { links, ids } = await linked();
    const all = await ownAfter(store, from, { resolveLinkTos: true });
    const followed = follow(store.connect(), { fromPosition: from, resolveLinkTos: true });
    await until('it caught up', () => followed.caughtUp > 0);
    for (const events of [all, followed.events]) {
      const found = events.filter(({ link }) => link?.streamId === links);
      expect(found.map(idOf)).toEqual(ids.toReversed());
    }
    await followed.stop();
  });

  it('that lead nowhere stand alone', async () => {
    const { target, links } = await linked();
    const deleted = newStream();
    await appendTo(store, deleted, thing(), NO_STREAM);
    await store.client.deleteStream(deleted);
    const broken = [
      ...[linkTo(7, target), linkTo(0, newStream()), linkTo(0, deleted)],
      // Where nothing can be, and not at the end, which others name by -1.
      ...[linkTo(0, ''), linkTo(-1, target), linkTo(-(2n ** 63n), target)],
    ];
    await appendTo(store, links, broken, 1n);
    const read = await collect(
      store.client.readStream(links, { resolveLinkTos: true, fromRevision: 2n }),
    );
    expect(read.map(({ event, link }) => [event, link?.type])).toEqual(
      broken.map(() => [undefined, '$>']),
    );
  });

  it('that are none come as events: JSON, no revision, none that 64 bits hold', async () => {
    const target = newStream('target');
    await appendTo(store, target, thing(), NO_STREAM);
    const links = newStream('links');
    const none = [
      jsonEvent({ type: '$>', data: { no: 'link' } }),
      ...['nonsense', `@${target}`, `9223372036854775808@${target}`].map((data) =>
        binaryEvent({ type: '$>', data: Buffer.from(data) }),
      ),
    ];
    await appendTo(store, links, none, NO_STREAM);
    const read = await collect(store.client.readStream(links, { resolveLinkTos: true }));
    expect(read.map(({ event, link }) => [event?.id, event?.type, link])).toEqual(
      none.map(({ id }) => [id, '$>', undefined]),
    );
  });

  it('leave other events as they are', async () => {
    const stream = newStream();
    const events = things(3);
    await appendTo(store, stream, events, NO_STREAM);
    const read = await collect(store.client.readStream(stream, { resolveLinkTos: true }));
    expect(read.map(({ event, link }) => [event?.id, link])).toEqual(
      events.map(({ id }) => [id, undefined]),
    );
  });
});
