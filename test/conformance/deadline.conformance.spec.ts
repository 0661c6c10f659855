import { randomUUID } from 'node:crypto';

import { NO_STREAM } from '@eventstore/db-client';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import Timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { beforeEach, describe, expect, it } from 'vitest';

import { openWithDurations, withDuration } from './durations.js';
import {
  anyRevision,
  batch,
  batchAppend,
  detailOf,
  proposed,
  structuredText,
  uuidOf,
} from './raw.js';
import { sharedRaw, sharedStore } from './suite.js';
import { appendTo, idsIn, newStream, thing } from './support.js';

const MEBIBYTE = 1024 * 1024;
const TIMEOUT = 'event_store.client.Timeout';

const store = sharedStore();
const raw = sharedRaw(store);

let stream: string;
beforeEach(() => {
  stream = newStream();
});

/** A time of day, as the client sends it. */
const at = (inMs: number) => {
  const time = new Timestamps.Timestamp();
  time.fromDate(new Date(Date.now() + inMs));
  return time;
};

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
  const call = openWithDurations(raw());
  const whole = batch({ options: anyRevision(stream), messages: [proposed()], ...parts });
  try {
    return await answerTo(call, withDuration(whole, seconds));
  } finally {
    call.on('error', () => undefined);
    call.cancel();
  }
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const tooLarge = () => [proposed({ data: Buffer.alloc(2 * MEBIBYTE) })];

describe('a deadline that is a time of day', () => {
  // The clocks of a server and of its clients differ by some seconds.
  it.each([-minuteMs, -hourMs, -24 * hourMs])(
    'and %i ms from now is a time-out, and nothing is written',
    async (inMs) => {
      const options = anyRevision(stream).setDeadline(at(inMs));
      const [answer] = await batchAppend(raw(), [batch({ options, messages: [proposed()] })]);
      expect(detailOf(answer)).toBe(TIMEOUT);
      expect(Buffer.from(answer!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(
        stream,
      );
      await appendTo(store, stream, thing(), NO_STREAM);
    },
  );

  it('and has passed counts for more than the size', async () => {
    const options = anyRevision(stream).setDeadline(at(-minuteMs));
    const [answer] = await batchAppend(raw(), [batch({ options, messages: tooLarge() })]);
    expect(detailOf(answer)).toBe(TIMEOUT);
  });

  it.each([minuteMs, hourMs, 300 * 365 * 24 * hourMs])(
    'and %i ms ahead leaves time for the append',
    async (inMs) => {
      const deadline = new Timestamps.Timestamp().setSeconds(
        Math.floor((Date.now() + inMs) / 1_000),
      );
      const options = anyRevision(stream).setDeadline(deadline);
      const [answer] = await batchAppend(raw(), [batch({ options, messages: [proposed()] })]);
      expect(answer?.hasSuccess()).toBe(true);
    },
  );
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

  it('and has passed in the middle of an append is answered with two numbers, and once', async () => {
    const call = openWithDurations(raw());
    const correlation = randomUUID();
    const first = {
      correlation: uuidOf(correlation),
      options: anyRevision(stream),
      isFinal: false,
    };
    const answer = await answerTo(
      call,
      withDuration(batch({ ...first, messages: [proposed()] }), 0.3),
    );
    expect(detailOf(answer)).toBe(TIMEOUT);
    expect(structuredText(answer.getCorrelationId())).toBe(correlation);
    // What comes too late gets no second answer: the next is that to the next append.
    const late = batch({ correlation: uuidOf(correlation), messages: [proposed()], isFinal: true });
    const next = batch({
      options: anyRevision(),
      messages: [proposed()],
    });
    call.write(Buffer.from(late.serializeBinary()));
    const answered = await answerTo(call, Buffer.from(next.serializeBinary()));
    expect(answered.getCorrelationId()?.getString()).toBe(next.getCorrelationId()?.getString());
    await appendTo(store, stream, thing(), NO_STREAM);
    call.on('error', () => undefined);
    call.cancel();
  });

  it('is not longer than the store allows', async () => {
    const started = performance.now();
    expect(detailOf(await answerWithin(60, { isFinal: false }))).toBe(TIMEOUT);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
