import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type Position,
  START,
  StreamNotFoundError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { allFromStart, identifier, read, readOptions, structuredText, withRaw } from './raw.js';
import type { Store } from './store.js';
import { sharedStore } from './suite.js';
import {
  appendTo,
  at,
  collect,
  commitOf,
  failureOf,
  marker,
  newStream,
  readFrom,
  thing,
  things,
} from './support.js';

/** By how much the clock of a store may differ from that of its users. */
const CLOCKS_MS = 60_000;

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
      await appendTo(store, long, things(700), n === 0n ? NO_STREAM : n * 700n - 1n);
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
      await appendTo(store, large, event, n === 0 ? NO_STREAM : BigInt(n - 1));
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
    await appendTo(store, stream, [written, binary], NO_STREAM);
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
    expect(Math.abs(first!.event!.created.getTime() - Date.now())).toBeLessThan(CLOCKS_MS);
    expect(second?.event).toMatchObject({
      id: binary.id,
      type: 'bytes',
      isJson: false,
      revision: 1n,
    });
    expect(Buffer.from(second!.event!.data as Uint8Array)).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(Buffer.from(second!.event!.metadata as Uint8Array)).toEqual(Buffer.from([7, 0]));
  });

  const firstOf = async (stream: string, options: streams.ReadReq.Options) => {
    const place = new streams.ReadReq.Options.StreamOptions()
      .setStreamIdentifier(identifier(stream))
      .setStart(new shared.Empty());
    const answers = await withRaw(store, (raw) =>
      read(raw, options.setCount('1').setStream(place)),
    );
    return answers
      .find((answer) => answer.hasEvent())
      ?.getEvent()
      ?.getEvent();
  };

  it('has its time in ticks of 100 ns since 1970', async () => {
    const stream = newStream();
    await appendTo(store, stream, thing(), NO_STREAM);
    const event = await firstOf(stream, readOptions());
    const created = BigInt(event?.getMetadataMap().get('created') ?? 0);
    expect(Math.abs(Number(created / 10_000n) - Date.now())).toBeLessThan(CLOCKS_MS);
  });

  it('has ids as two numbers for who asks for them', async () => {
    const stream = newStream();
    const event = thing();
    await appendTo(store, stream, event, NO_STREAM);
    const uuids = new streams.ReadReq.Options.UUIDOption().setStructured(new shared.Empty());
    const first = await firstOf(stream, readOptions().setUuidOption(uuids));
    expect(structuredText(first?.getId())).toBe(event.id);
  });
});

describe('reading everything', () => {
  let from: Position;
  beforeAll(async () => {
    from = await marker(store);
    for (let n = 0; n < 10; n += 1) await appendTo(store, newStream(), things(5), NO_STREAM);
  });
  const everything = () => readFrom(store, from);

  it('continues from any position, inclusively', async () => {
    const all = await everything();
    for (const place of [0, 1, all.length >> 1, all.length - 1]) {
      const rest = await readFrom(store, all[place]!.event!.position, { maxCount: 7 });
      const known = Math.min(7, all.length - place);
      expect(rest.slice(0, known).map(commitOf)).toEqual(
        all.slice(place, place + known).map(commitOf),
      );
    }
  });

  const noRecord = async () => {
    const positions = (await everything()).map(commitOf);
    // Few of the node's events lie side by side, none of a server's.
    return at(positions.find((position, n) => n > 0 && positions[n - 1]! + 1n < position)! - 1n);
  };

  it.each([FORWARDS, BACKWARDS] as const)(
    'does not begin in the middle of an event (%s)',
    async (direction) => {
      const reading = readFrom(store, await noRecord(), { direction, maxCount: 1 });
      expect(await failureOf(reading)).toMatchObject({ code: status.UNKNOWN });
    },
  );

  it('does not begin in the middle of an event for a subscription either', async () => {
    const followed = follow(store.client, { fromPosition: await noRecord() });
    await until('it is refused', () => followed.error !== undefined);
    expect(followed.error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(followed.events).toEqual([]);
  });

  it('begins at 0 with the first event', async () => {
    const [first] = await collect(store.client.readAll({ fromPosition: START, maxCount: 1 }));
    const [atZero] = await readFrom(store, at(0n), { maxCount: 1 });
    expect(commitOf(atZero!)).toBe(commitOf(first!));
  });

  it('from beyond the end is empty', async () => {
    expect(await readFrom(store, at(from.commit + 1_000_000_000n))).toEqual([]);
  });

  it('goes backwards from a position to what lies before it', async () => {
    const all = (await everything()).map(commitOf);
    const middle = all.length >> 1;
    const back = await readFrom(store, at(all[middle]!), { direction: BACKWARDS, maxCount: 5 });
    expect(back.map(commitOf)).toEqual(all.slice(middle - 5, middle).toReversed());
  });

  it('from the end forwards, and from the start backwards, is empty', async () => {
    expect(await collect(store.client.readAll({ fromPosition: END }))).toEqual([]);
    expect(
      await collect(store.client.readAll({ fromPosition: START, direction: BACKWARDS })),
    ).toEqual([]);
  });
});

describe('a request that makes no sense', () => {
  const filter = () =>
    new streams.ReadReq.Options.FilterOptions()
      .setEventType(new streams.ReadReq.Options.FilterOptions.Expression().setRegex('a'))
      .setCount(new shared.Empty())
      .setCheckpointintervalmultiplier(1);
  const inStream = () =>
    new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier(newStream()));

  it.each([
    ['no count', readOptions().setAll(allFromStart())],
    [
      'a filtered stream',
      readOptions()
        .setStream(inStream().setStart(new shared.Empty()))
        .setCount('1')
        .setFilter(filter()),
    ],
    [
      'a backwards subscription',
      readOptions()
        .setAll(allFromStart())
        .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
        .setReadDirection(streams.ReadReq.Options.ReadDirection.BACKWARDS),
    ],
    ['no revision', readOptions().setCount('1').setStream(inStream())],
    [
      'an empty filter',
      readOptions()
        .setAll(allFromStart())
        .setCount('1')
        .setFilter(new streams.ReadReq.Options.FilterOptions()),
    ],
  ])('%s: is refused', async (_, options) => {
    const refused = failureOf(withRaw(store, (raw) => read(raw, options)));
    expect(await refused).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});
