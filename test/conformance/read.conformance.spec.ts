import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  START,
  StreamNotFoundError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { until } from '#testing/until.js';

import { allFromStart, identifier, rawClient, read, readOptions, structuredText } from './raw.js';
import {
  appendTo,
  collect,
  commitOf,
  failureOf,
  follow,
  newStream,
  sharedStore,
  type Store,
  thing,
  things,
} from './support.js';

const store = sharedStore();

type StreamOptions = Parameters<Store['client']['readStream']>[1];

const revisions = async (stream: string, options: StreamOptions): Promise<(bigint | undefined)[]> =>
  (await collect(store.client.readStream(stream, options))).map(({ event }) => event?.revision);

describe('reading a stream', () => {
  let stream: string;
  beforeAll(async () => {
    stream = newStream();
    await appendTo(store, stream, things(8), NO_STREAM);
  });

  it.each([
    ['from the start', { fromRevision: START }, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['from a revision, inclusively', { fromRevision: 5n }, [5, 6, 7]],
    ['as many as asked for', { fromRevision: 2n, maxCount: 3 }, [2, 3, 4]],
    ['from behind its end', { fromRevision: 100n }, []],
    ['backwards from the end', { fromRevision: END, direction: BACKWARDS, maxCount: 3 }, [7, 6, 5]],
    ['backwards from a revision', { fromRevision: 2n, direction: BACKWARDS }, [2, 1, 0]],
    ['backwards from the start', { fromRevision: START, direction: BACKWARDS }, [0]],
  ] as const)('%s', async (_, options, expected) => {
    expect(await revisions(stream, options)).toEqual(expected.map(BigInt));
  });

  it('backwards from behind its end starts with the last event', async () => {
    expect(
      await revisions(stream, { fromRevision: 100n, direction: BACKWARDS, maxCount: 2 }),
    ).toEqual([7n, 6n]);
  });

  it('that nobody wrote is "not found"', async () => {
    const error = await failureOf(revisions(newStream(), {}));
    expect(error).toBeInstanceOf(StreamNotFoundError);
  });

  it('goes over many pages', async () => {
    const long = newStream('long');
    for (let n = 0n; n < 3n; n += 1n)
      await appendTo(store, long, things(700), n * 700n - 1n < 0n ? NO_STREAM : n * 700n - 1n);
    const all = await revisions(long, {});
    expect(all).toEqual(Array.from({ length: 2_100 }, (_, n) => BigInt(n)));
    expect(await revisions(long, { fromRevision: END, direction: BACKWARDS })).toEqual(
      all.toReversed(),
    );
  });

  it('goes over pages that end by their size', async () => {
    const large = newStream('large');
    for (let n = 0; n < 12; n += 1) {
      const event = binaryEvent({ type: 'Large', data: Buffer.alloc(900_000, n) });
      await store.client.appendToStream(large, event, {
        expectedRevision: n === 0 ? NO_STREAM : BigInt(n - 1),
      });
    }
    const read = await collect(store.client.readStream(large));
    expect(read.map(({ event }) => (event?.data as Uint8Array)[0])).toEqual(
      Array.from({ length: 12 }, (_, n) => n),
    );
  });
});

describe('what is read', () => {
  it('is what was written: bytes, JSON, metadata, type, id, and a time', async () => {
    const stream = newStream('käfer');
    const before = Date.now();
    const written = jsonEvent({
      type: 'Größe gesetzt',
      data: { text: 'ß \u0000 😀', list: [1, null] },
      metadata: { by: 'jürgen' },
    });
    const binary = binaryEvent({
      type: 'bytes',
      data: Buffer.from([0, 255, 10, 13]),
      metadata: Buffer.from([7, 0]),
    });
    await store.client.appendToStream(stream, [written, binary], { expectedRevision: NO_STREAM });
    const [first, second] = await collect(store.client.readStream(stream));
    expect(first?.event).toMatchObject({
      id: written.id,
      type: written.type,
      data: written.data,
      metadata: written.metadata,
      streamId: stream,
      isJson: true,
      revision: 0n,
    });
    expect(first!.event!.created.getTime()).toBeGreaterThanOrEqual(before - 1);
    expect(first!.event!.created.getTime()).toBeLessThanOrEqual(Date.now() + 1);
    expect(second?.event).toMatchObject({
      id: binary.id,
      type: 'bytes',
      isJson: false,
      revision: 1n,
    });
    expect(Buffer.from(second!.event!.data as Uint8Array)).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(Buffer.from(second!.event!.metadata as Uint8Array)).toEqual(Buffer.from([7, 0]));
  });

  it('has its time in ticks of 100 ns since 1970', async () => {
    const stream = newStream();
    await appendTo(store, stream, thing(), NO_STREAM);
    const raw = rawClient(store);
    const options = readOptions()
      .setCount('1')
      .setStream(
        new streams.ReadReq.Options.StreamOptions()
          .setStreamIdentifier(identifier(stream))
          .setStart(new shared.Empty()),
      );
    const [answer] = await read(raw, options);
    const created = BigInt(answer?.getEvent()?.getEvent()?.getMetadataMap().get('created') ?? 0);
    expect(Math.abs(Number(created / 10_000n) - Date.now())).toBeLessThan(60_000);
    raw.close();
  });

  it('has ids as two numbers for who asks for them', async () => {
    const stream = newStream();
    const event = thing();
    await appendTo(store, stream, event, NO_STREAM);
    const raw = rawClient(store);
    const uuids = new streams.ReadReq.Options.UUIDOption().setStructured(new shared.Empty());
    const options = readOptions()
      .setUuidOption(uuids)
      .setCount('1')
      .setStream(
        new streams.ReadReq.Options.StreamOptions()
          .setStreamIdentifier(identifier(stream))
          .setStart(new shared.Empty()),
      );
    const [answer] = await read(raw, options);
    expect(structuredText(answer?.getEvent()?.getEvent()?.getId())).toBe(event.id);
    raw.close();
  });
});

describe('reading everything', () => {
  beforeAll(async () => {
    for (let n = 0; n < 10; n += 1) await appendTo(store, newStream(), things(5), NO_STREAM);
  });

  it('continues from any position, inclusively', async () => {
    const all = await collect(store.client.readAll({ fromPosition: START }));
    for (const at of [0, 1, all.length >> 1, all.length - 1]) {
      const fromPosition = all[at]!.event!.position;
      const rest = await collect(store.client.readAll({ fromPosition, maxCount: 7 }));
      expect(rest.map(commitOf)).toEqual(all.slice(at, at + 7).map(commitOf));
    }
  });

  const positions = async (options: Parameters<Store['client']['readAll']>[0]) =>
    (await collect(store.client.readAll(options))).map(commitOf);
  const at = (position: bigint) => ({ commit: position, prepare: position });
  const everything = () => positions({ fromPosition: START });
  const noRecord = async () => {
    const all = await everything();
    // Few of the node's events lie side by side, none of a server's.
    return at(all.find((position, n) => n > 5 && all[n - 1]! + 1n < position)! - 1n);
  };

  it.each([FORWARDS, BACKWARDS] as const)(
    'does not begin in the middle of an event (%s)',
    async (direction) => {
      const fromPosition = await noRecord();
      const failure = await failureOf(positions({ fromPosition, direction, maxCount: 1 }));
      expect(failure).toMatchObject({ code: status.UNKNOWN });
    },
  );

  it('does not begin in the middle of an event for a subscription either', async () => {
    const followed = follow(store.client, { fromPosition: await noRecord() });
    await until('it is refused', () => followed.error !== undefined);
    expect(followed.error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(followed.events).toEqual([]);
  });

  it('begins at 0 with the first event', async () => {
    const [first] = await everything();
    expect(await positions({ fromPosition: at(0n), maxCount: 1 })).toEqual([first]);
  });

  it('from beyond the end is empty', async () => {
    const beyond = (await everything()).at(-1)! + 1_000_000n;
    expect(await positions({ fromPosition: at(beyond) })).toEqual([]);
  });

  it('goes backwards from a position to what lies before it', async () => {
    const all = await everything();
    const middle = all.length >> 1;
    expect(
      await positions({ fromPosition: at(all[middle]!), direction: BACKWARDS, maxCount: 5 }),
    ).toEqual(all.slice(middle - 5, middle).toReversed());
  });

  it('from the end forwards, and from the start backwards, is empty', async () => {
    expect(await collect(store.client.readAll({ fromPosition: END }))).toEqual([]);
    expect(
      await collect(store.client.readAll({ fromPosition: START, direction: BACKWARDS })),
    ).toEqual([]);
  });
});

describe('a request that makes no sense', () => {
  const streamOptions = () =>
    new streams.ReadReq.Options.StreamOptions()
      .setStreamIdentifier(identifier('a-1'))
      .setStart(new shared.Empty());
  const filter = () =>
    new streams.ReadReq.Options.FilterOptions()
      .setEventType(new streams.ReadReq.Options.FilterOptions.Expression().setRegex('a'))
      .setCount(new shared.Empty())
      .setCheckpointintervalmultiplier(1);
  const live = () => new streams.ReadReq.Options.SubscriptionOptions();

  it.each([
    ['nothing', undefined],
    ['no UUID option', readOptions().setUuidOption(undefined).setAll(allFromStart()).setCount('1')],
    ['neither stream nor everything', readOptions().setCount('1')],
    ['no count', readOptions().setAll(allFromStart())],
    [
      'a filtered stream',
      readOptions().setStream(streamOptions()).setCount('1').setFilter(filter()),
    ],
    [
      'a backwards subscription',
      readOptions()
        .setAll(allFromStart())
        .setSubscription(live())
        .setReadDirection(streams.ReadReq.Options.ReadDirection.BACKWARDS),
    ],
    [
      'no stream name',
      readOptions().setCount('1').setStream(streamOptions().setStreamIdentifier(undefined)),
    ],
    [
      'an empty stream name',
      readOptions()
        .setCount('1')
        .setStream(streamOptions().setStreamIdentifier(identifier(''))),
    ],
    [
      'no revision',
      readOptions()
        .setCount('1')
        .setStream(
          new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier('a-1')),
        ),
    ],
    [
      'an empty filter',
      readOptions()
        .setAll(allFromStart())
        .setCount('1')
        .setFilter(new streams.ReadReq.Options.FilterOptions()),
    ],
  ])('%s: INVALID_ARGUMENT', async (_, options) => {
    const raw = rawClient(store);
    expect(await failureOf(read(raw, options))).toMatchObject({ code: status.INVALID_ARGUMENT });
    raw.close();
  });
});
