import {
  ANY,
  eventTypeFilter,
  jsonEvent,
  type Position,
  streamNameFilter,
} from '@eventstore/db-client';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow } from './follow.js';
import { read, readOptions } from './raw.js';
import { describeNodeOnly, sharedRaw, sharedStore } from './suite.js';
import { appendTo, failureOf, marker, own } from './support.js';

const store = sharedStore();
const raw = sharedRaw(store);

/** Types that nobody else writes, one event of each in the stream of its own, beside system events. */
const mark = `${own}x`;
const types = ['Registered', 'Removed', 'Config7', 'Config', 'a$b', '$own'].map((name) =>
  name.startsWith('$') ? `${name}${mark}` : `${mark}${name}`,
);
let from: Position;

beforeAll(async () => {
  from = await marker(store);
  for (const [n, type] of types.entries()) {
    const stream = `${mark}-${String(n)}`;
    await appendTo(store, stream, jsonEvent({ type, data: {} }), ANY);
    await store.client.setStreamMetadata(stream, {}, { expectedRevision: ANY });
  }
});

const { FilterOptions } = streams.ReadReq.Options;

const readBy = async (by: 'type' | 'stream', regex: string) => {
  const expression = new FilterOptions.Expression().setRegex(regex);
  const filter = new FilterOptions().setMax(32).setCheckpointintervalmultiplier(1);
  if (by === 'type') filter.setEventType(expression);
  else filter.setStreamIdentifier(expression);
  const position = new streams.ReadReq.Options.Position()
    .setCommitPosition(from.commit.toString())
    .setPreparePosition(from.prepare.toString());
  const options = readOptions()
    .setAll(new streams.ReadReq.Options.AllOptions().setPosition(position))
    .setCount('1000000')
    .setFilter(filter);
  return (await read(raw(), options)).map((answer) => {
    const event = answer.getEvent()!.getEvent()!;
    return {
      stream: Buffer.from(event.getStreamIdentifier()!.getStreamName_asU8()).toString(),
      type: event.getMetadataMap().get('type')!,
    };
  });
};

const followBy = async (by: 'type' | 'stream', regex: string) => {
  const filter = by === 'type' ? eventTypeFilter({ regex }) : streamNameFilter({ regex });
  const followed = follow(store.client, { fromPosition: from, filter });
  const isOver = (): boolean => followed.caughtUp > 0 || followed.error !== undefined;
  await until('it caught up or is refused', isOver);
  if (followed.error) throw followed.error;
  await followed.stop();
  return followed.events.map(({ event }) => ({ stream: event!.streamId, type: event!.type }));
};

/** Types of our events that pass, read and followed. */
const passing = async (by: 'type' | 'stream', regex: string): Promise<string[]> => {
  const marked = (events: { stream: string; type: string }[]): string[] =>
    events.filter(({ stream }) => stream.includes(mark)).map(({ type }) => type.replace(mark, ''));
  const followed = marked(await followBy(by, regex));
  expect(marked(await readBy(by, regex))).toEqual(followed);
  return followed;
};

describe('a filter that looks around', () => {
  it.each([
    // As a client for Python excludes by default, with its own words.
    [`^(?!(\\$.+$|${mark}Config\\d+$))`, ['Registered', 'Removed', 'Config', 'a$b']],
    [`^(?!${mark}Re)(?!\\$)${mark}`, ['Config7', 'Config', 'a$b']],
    [`^(?=.*${mark})(?!.*\\$).*$`, ['Registered', 'Removed', 'Config7', 'Config']],
    [`(?i)^(?!\\$)${mark.toUpperCase()}re`, ['Registered', 'Removed']],
    [`^(?:(?!ed|\\$).)*$`, ['Config7', 'Config']],
    [`${mark}.*(?<!ed)$`, ['Config7', 'Config', 'a$b', '$own']],
    [`^(?!\\$)${mark}C|${mark}.*(?<=ed)$`, ['Registered', 'Removed', 'Config7', 'Config']],
  ])('by type passes what it says: %s', async (regex, expected) => {
    expect(await passing('type', regex)).toEqual(expected);
  });

  it('by stream passes what it says', async () => {
    const regex = `^(?!\\$\\$|${mark}-[0-3]$)`;
    expect(await passing('stream', regex)).toEqual(['a$b', '$own']);
  });
});

describeNodeOnly('a filter that looks around elsewhere', () => {
  it.each(['a(?!b)', '(?<=a)b', '^(?!(?!a)b)', '(?!a)'])('is refused: %s', async (regex) => {
    expect(await failureOf(readBy('type', regex))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining('Look-around is served as (?!X)'),
    });
  });
});
