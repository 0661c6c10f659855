import {
  ANY,
  END,
  NO_STREAM,
  type StreamMetadata,
  StreamNotFoundError,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { allFromStart, identifier, rawClient, read, readOptions } from './raw.js';
import { sharedStore } from './suite.js';
import { appendTo, collect, failureOf, newStream, things } from './support.js';

const { BACKWARDS, FORWARDS } = streams.ReadReq.Options.ReadDirection;
const { ContentCase } = streams.ReadResp;

const store = sharedStore();
let raw: StreamsClient;
beforeAll(() => {
  raw = rawClient(store);
});
afterAll(() => raw.close());

/** A stream of eight events. */
const streamWith = async (metadata?: StreamMetadata): Promise<string> => {
  const stream = newStream();
  await appendTo(store, stream, things(8), NO_STREAM);
  if (metadata) await store.client.setStreamMetadata(stream, metadata, { expectedRevision: ANY });
  return stream;
};

interface Slice {
  readonly from?: number | 'end';
  readonly count?: number;
  readonly direction?: typeof BACKWARDS | typeof FORWARDS;
  readonly compatibility?: number;
}

const asking = (options: streams.ReadReq.Options, compatibility: number): streams.ReadReq.Options =>
  options.setControlOption(
    new streams.ReadReq.Options.ControlOption().setCompatibility(compatibility),
  );

/** What a read is answered with: revisions of events, `first n` and `last n`. */
const answers = async (
  stream: string,
  { from = 0, count = 100, direction = FORWARDS, compatibility = 1 }: Slice,
): Promise<(number | string)[]> => {
  const place = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier(stream));
  if (from === 'end') place.setEnd(new shared.Empty());
  else place.setRevision(String(from));
  const options = readOptions()
    .setStream(place)
    .setCount(String(count))
    .setReadDirection(direction);
  return (await read(raw, asking(options, compatibility))).map((answer) => {
    switch (answer.getContentCase()) {
      case ContentCase.EVENT:
        return Number(answer.getEvent()?.getEvent()?.getStreamRevision());
      case ContentCase.FIRST_STREAM_POSITION:
        return `first ${answer.getFirstStreamPosition()}`;
      case ContentCase.LAST_STREAM_POSITION:
        return `last ${answer.getLastStreamPosition()}`;
      default:
        return `content ${answer.getContentCase()}`;
    }
  });
};

describe('a reader who asks where a stream begins and ends', () => {
  const back = { direction: BACKWARDS, from: 'end' } as const;

  it.each<[string, StreamMetadata | undefined, Slice, (number | string)[]]>([
    ['all of it', undefined, {}, [0, 1, 2, 3, 4, 5, 6, 7, 'last 7']],
    ['a part', undefined, { from: 2, count: 2 }, [2, 3, 'last 7']],
    ['right behind its end', undefined, { from: 8 }, ['last 7']],
    ['far behind its end', undefined, { from: 100 }, ['first 8', 'last 7']],
    ['the newest', undefined, { ...back, count: 1 }, [7, 'last 7']],
    ['a part backwards', undefined, { ...back, from: 3, count: 2 }, [3, 2, 'last 7']],
    ['a cut one', { truncateBefore: 5 }, {}, [5, 6, 7, 'last 7']],
    [
      'a cut one, in a page before the cut',
      { truncateBefore: 5 },
      { count: 2 },
      ['first 5', 5, 6, 'last 7'],
    ],
    [
      'a cut one, in a page up to the cut',
      { truncateBefore: 5 },
      { from: 1, count: 4 },
      ['first 5', 5, 6, 7, 'last 7'],
    ],
    [
      'a cut one, in a page over the cut',
      { truncateBefore: 5 },
      { from: 2, count: 4 },
      [5, 6, 7, 'last 7'],
    ],
    ['the last few', { maxCount: 2 }, { count: 1 }, ['first 6', 6, 'last 7']],
    ['one of which all is hidden', { truncateBefore: 8 }, {}, ['first 8', 'last 7']],
    ['one of which all is hidden, backwards', { truncateBefore: 8 }, back, ['last 7']],
  ])('reads %s', async (_, metadata, slice, expected) => {
    expect(await answers(await streamWith(metadata), slice)).toEqual(expected);
  });

  it('is told that there is none', async () => {
    expect(await answers(newStream(), {})).toEqual([`content ${ContentCase.STREAM_NOT_FOUND}`]);
  });

  it('is told of a far start where the first page ends before it', async () => {
    const stream = newStream();
    await appendTo(store, stream, things(40), NO_STREAM);
    const cutAt = async (truncateBefore: number) => {
      await store.client.setStreamMetadata(stream, { truncateBefore }, { expectedRevision: ANY });
      return (await answers(stream, {})).slice(0, 2);
    };
    expect(await cutAt(31)).toEqual([31, 32]);
    expect(await cutAt(32)).toEqual(['first 32', 32]);
  });
});

describe('nothing of where it begins and ends is told', () => {
  it('to a reader who does not ask', async () => {
    const stream = await streamWith();
    expect(await answers(stream, { from: 100, compatibility: 0 })).toEqual([]);
    expect(await answers(stream, { from: 6, compatibility: 0 })).toEqual([6, 7]);
  });

  it('to a reader of everything', async () => {
    await streamWith();
    const options = asking(readOptions().setAll(allFromStart()).setCount('3'), 1);
    const cases = (await read(raw, options)).map((answer) => answer.getContentCase());
    expect(cases).toEqual([ContentCase.EVENT, ContentCase.EVENT, ContentCase.EVENT]);
  });
});

describe('reading forwards from the end', () => {
  const readFrom = (stream: string) =>
    collect(store.client.readStream(stream, { fromRevision: END, direction: 'forwards' }));

  it('is refused', async () => {
    expect(await failureOf(readFrom(await streamWith()))).toMatchObject({
      code: status.UNKNOWN,
      message: expect.stringContaining('Unexpected ReadStreamResult: Error'),
    });
  });

  it('of a stream that is not there says so', async () => {
    expect(await failureOf(readFrom(newStream()))).toBeInstanceOf(StreamNotFoundError);
  });
});
