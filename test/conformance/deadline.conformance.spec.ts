import { randomUUID } from 'node:crypto';

import { NO_STREAM } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BinaryWriter } from 'google-protobuf';
import Durations from 'google-protobuf/google/protobuf/duration_pb.js';
import Timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';

import {
  batch,
  batchAppend,
  batchOptions,
  detailOf,
  proposed,
  rawClient,
  structuredText,
  uuidOf,
} from './raw.js';
import { sharedStore } from './suite.js';
import { appendTo, idsIn, newStream, thing } from './support.js';

const MEBIBYTE = 1024 * 1024;
const TIMEOUT = 'event_store.client.Timeout';

const store = sharedStore();
let raw: StreamsClient;
beforeAll(() => {
  raw = rawClient(store);
});
afterAll(() => raw.close());

let stream: string;
beforeEach(() => {
  stream = newStream();
});

const anyRevision = (): streams.BatchAppendReq.Options =>
  batchOptions(stream).setAny(new shared.Empty());

/** A time of day, as the client sends it. */
const at = (inMs: number) => {
  const time = new Timestamps.Timestamp();
  time.fromDate(new Date(Date.now() + inMs));
  return time;
};

/** The request with a duration, as newer clients send it, which the generated code does not know. */
const withDuration = (request: streams.BatchAppendReq, seconds: number): Buffer => {
  const options = new BinaryWriter();
  const duration = new Durations.Duration()
    .setSeconds(Math.trunc(seconds))
    .setNanos(Math.round((seconds % 1) * 1e9));
  options.writeMessage(7, duration, Durations.Duration.serializeBinaryToWriter);
  const encoded = Buffer.concat([
    request.getOptions()!.serializeBinary(),
    options.getResultBuffer(),
  ]);
  const rest = new streams.BatchAppendReq()
    .setCorrelationId(request.getCorrelationId())
    .setProposedMessagesList(request.getProposedMessagesList())
    .setIsFinal(request.getIsFinal())
    .serializeBinary();
  const whole = new BinaryWriter();
  whole.writeBytes(2, encoded);
  return Buffer.concat([whole.getResultBuffer(), rest]);
};

const openWithDurations = () =>
  raw.makeBidiStreamRequest<Buffer, streams.BatchAppendResp>(
    '/event_store.client.streams.Streams/BatchAppend',
    (bytes) => bytes,
    (bytes) => streams.BatchAppendResp.deserializeBinary(bytes),
  );

const answerTo = async <T>(
  call: ClientDuplexStream<T, streams.BatchAppendResp>,
  request: T,
): Promise<streams.BatchAppendResp> => {
  const answered = new Promise<streams.BatchAppendResp>((resolve, reject) => {
    call.once('data', resolve);
    call.once('error', reject);
  });
  call.write(request);
  return answered;
};

const answerWithin = async (
  seconds: number,
  parts: Parameters<typeof batch>[0] = {},
): Promise<streams.BatchAppendResp> => {
  const call = openWithDurations();
  const whole = batch({ options: anyRevision(), messages: [proposed()], ...parts });
  try {
    return await answerTo(call, withDuration(whole, seconds));
  } finally {
    call.on('error', () => undefined);
    call.cancel();
  }
};

const hourMs = 3_600_000;
const tooLarge = () => [proposed({ data: Buffer.alloc(2 * MEBIBYTE) })];

describe('a deadline that is a time of day', () => {
  it.each([-2_000, -hourMs, -24 * hourMs])(
    'and %i ms from now is a time-out, and nothing is written',
    async (inMs) => {
      const options = anyRevision().setDeadline(at(inMs));
      const [answer] = await batchAppend(raw, [batch({ options, messages: [proposed()] })]);
      expect(detailOf(answer)).toBe(TIMEOUT);
      expect(Buffer.from(answer!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(
        stream,
      );
      await appendTo(store, stream, thing(), NO_STREAM);
    },
  );

  it('and has passed counts for more than the size', async () => {
    const options = anyRevision().setDeadline(at(-2_000));
    const [answer] = await batchAppend(raw, [batch({ options, messages: tooLarge() })]);
    expect(detailOf(answer)).toBe(TIMEOUT);
  });

  it.each([10_000, hourMs, 10_000 * 365 * 24 * hourMs])(
    'and %i ms ahead leaves time for the append',
    async (inMs) => {
      const deadline = new Timestamps.Timestamp().setSeconds(
        Math.floor((Date.now() + inMs) / 1_000),
      );
      const options = anyRevision().setDeadline(deadline);
      const [answer] = await batchAppend(raw, [batch({ options, messages: [proposed()] })]);
      expect(answer?.hasSuccess()).toBe(true);
    },
  );

  it('ends an append whose last message never comes, which is answered with two numbers', async () => {
    const call = raw.batchAppend();
    const correlation = randomUUID();
    const options = anyRevision().setDeadline(at(300));
    const first = batch({
      correlation: uuidOf(correlation),
      options,
      messages: [proposed()],
      isFinal: false,
    });
    const answer = await answerTo(call, first);
    expect(detailOf(answer)).toBe(TIMEOUT);
    expect(structuredText(answer.getCorrelationId())).toBe(correlation);
    // What comes too late gets no second answer.
    const more: unknown[] = [];
    call.on('data', (late) => more.push(late));
    call.write(batch({ correlation: uuidOf(correlation), messages: [proposed()], isFinal: true }));
    await appendTo(store, stream, thing(), NO_STREAM);
    expect(more).toEqual([]);
    call.on('error', () => undefined);
    call.cancel();
  });
});

describe('a deadline that is a duration', () => {
  it('leaves that time for the append', async () => {
    const id = randomUUID();
    const answer = await answerWithin(10, { messages: [proposed({ id: uuidOf(id) })] });
    expect(answer.hasSuccess()).toBe(true);
    expect(await idsIn(store, stream)).toEqual([id]);
  });

  it.each([0, -0.5, -3_600])('and %d s is a time-out, and nothing is written', async (seconds) => {
    expect(detailOf(await answerWithin(seconds))).toBe(TIMEOUT);
    await appendTo(store, stream, thing(), NO_STREAM);
  });

  it('and has passed counts for more than the size', async () => {
    expect(detailOf(await answerWithin(-1, { messages: tooLarge() }))).toBe(TIMEOUT);
  });

  it('ends an append whose last message never comes', async () => {
    const started = performance.now();
    const answer = await answerWithin(0.3, { isFinal: false });
    expect(detailOf(answer)).toBe(TIMEOUT);
    expect(performance.now() - started).toBeLessThan(1_900);
  });

  it('is not longer than the store allows', async () => {
    const started = performance.now();
    expect(detailOf(await answerWithin(60, { isFinal: false }))).toBe(TIMEOUT);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
