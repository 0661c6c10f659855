import { randomUUID } from 'node:crypto';

import { NO_STREAM } from '@eventstore/db-client';
import codePb from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import { beforeEach, describe, expect, it } from 'vitest';

import {
  anyBatch,
  anyRevision,
  batch,
  batchAppend,
  batchOptions,
  detailOf,
  proposed,
  rawClient,
  structuredText,
  structuredUuid,
  uuidOf,
} from './raw.js';
import { startStore } from './store.js';
import { describeNodeOnly, sharedRaw, sharedStore } from './suite.js';
import { appendTo, failureOf, idsIn, newStream, thing } from './support.js';

const MEBIBYTE = 1024 * 1024;

const store = sharedStore();
const raw = sharedRaw(store);

let stream: string;
beforeEach(() => {
  stream = newStream();
});

describe('a batch append', () => {
  it('answers with the correlation id as it was sent and the stream, and no expectation', async () => {
    const correlation = randomUUID();
    const answers = await batchAppend(
      raw(),
      [
        batch({
          correlation: uuidOf(correlation),
          options: anyRevision(stream),
          messages: [proposed()],
        }),
        batch({
          correlation: structuredUuid(correlation),
          options: batchOptions(stream).setStreamPosition('0'),
          messages: [proposed()],
        }),
      ],
      { answers: 2 },
    );
    expect(answers[0]?.getCorrelationId()?.getString()).toBe(correlation);
    expect(structuredText(answers[1]?.getCorrelationId())).toBe(correlation);
    for (const answer of answers) {
      expect(answer.getExpectedStreamPositionCase()).toBe(0);
      expect(Buffer.from(answer.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(
        stream,
      );
    }
    expect(answers.map((answer) => answer.getSuccess()?.getCurrentRevision())).toEqual(['0', '1']);
  });

  it('is put together from many messages, between those of others', async () => {
    const [one, other] = [uuidOf(), uuidOf()];
    const otherStream = newStream();
    const ids = Array.from({ length: 6 }, () => randomUUID());
    const part = (
      correlation: shared.UUID,
      id: string,
      isFinal: boolean,
      options?: streams.BatchAppendReq.Options,
    ) =>
      batch({
        correlation,
        messages: [proposed({ id: uuidOf(id) })],
        isFinal,
        ...(options && { options }),
      });
    const answers = await batchAppend(
      raw(),
      [
        part(one, ids[0]!, false, anyRevision(stream)),
        part(other, ids[3]!, false, anyRevision(otherStream)),
        part(one, ids[1]!, false),
        part(other, ids[4]!, false),
        part(other, ids[5]!, true),
        part(one, ids[2]!, true),
      ],
      { answers: 2 },
    );
    expect(answers.map((answer) => answer.hasSuccess())).toEqual([true, true]);
    expect(await idsIn(store, stream)).toEqual(ids.slice(0, 3));
    expect(await idsIn(store, otherStream)).toEqual(ids.slice(3));
  });

  it('is not carried out before its last message came', async () => {
    const open = batch({ options: anyRevision(stream), messages: [proposed()], isFinal: false });
    expect(await batchAppend(raw(), [open], { answers: 0, last: anyBatch() })).toEqual([]);
    await appendTo(store, stream, thing(), NO_STREAM);
  });

  it('gets exactly one answer when it is refused in the middle', async () => {
    const correlation = uuidOf();
    const chunk = Buffer.alloc(700_000);
    const parts = Array.from({ length: 4 }, (_, n) =>
      batch({
        correlation,
        messages: [proposed({ data: chunk })],
        isFinal: n === 3,
        ...(n === 0 && { options: anyRevision(stream) }),
      }),
    );
    const after = batch({ options: anyRevision(stream), messages: [proposed()] });
    const answers = await batchAppend(raw(), [...parts, after], { answers: 2, last: anyBatch() });
    const own = answers.filter(
      (answer) => answer.getCorrelationId()?.getString() === correlation.getString(),
    );
    expect(own).toHaveLength(1);
    expect(answers).toHaveLength(2);
  });

  describeNodeOnly('beside refused ones', () => {
    it('may not hold more open bytes than a call is allowed', async () => {
      const small = await startStore({ EVENT_NODE_MAX_OPEN_BYTES: String(MEBIBYTE) });
      const client = rawClient(small);
      try {
        const options = anyRevision(stream);
        const messages = (bytes: number) => [proposed({ data: Buffer.alloc(bytes) })];
        const tooLarge = batch({ options, messages: messages(2 * MEBIBYTE) });
        const open = Array.from({ length: 5 }, () =>
          batch({ options, messages: messages(MEBIBYTE / 4 - 100), isFinal: false }),
        );
        const answers = await batchAppend(client, [tooLarge, ...open], { answers: 2 });
        expect(answers.map(detailOf)).toEqual([
          'event_store.client.MaximumAppendSizeExceeded',
          'event_store.client.BadRequest',
        ]);
      } finally {
        client.close();
        await small.stop();
      }
    });
  });

  it('says which limit was exceeded', async () => {
    const messages = [proposed({ data: Buffer.alloc(2 * 1024 * 1024) })];
    const [answer] = await batchAppend(raw(), [batch({ options: anyRevision(stream), messages })]);
    if (answer?.hasSuccess() === true) return; // a server with a higher limit
    expect(detailOf(answer)).toBe('event_store.client.MaximumAppendSizeExceeded');
  });

  it('says how a wrong revision was wrong', async () => {
    await appendTo(store, stream, [thing(), thing()], NO_STREAM);
    const options = batchOptions(stream).setStreamPosition('7');
    const [answer] = await batchAppend(raw(), [batch({ options, messages: [proposed()] })]);
    expect(answer?.getError()?.getCode()).toBe(codePb.Code.ALREADY_EXISTS);
    expect(detailOf(answer)).toBe('event_store.client.WrongExpectedVersion');
    const bytes = answer!.getError()!.getDetails()!.getValue_asU8();
    const detail = shared.WrongExpectedVersion.deserializeBinary(bytes);
    expect(detail.getCurrentStreamRevision()).toBe('1');
    expect(detail.getExpectedStreamPosition()).toBe('7');
  });

  it('says that a stream was deleted', async () => {
    await store.client.tombstoneStream(stream);
    const [answer] = await batchAppend(raw(), [
      batch({ options: anyRevision(stream), messages: [proposed()] }),
    ]);
    expect(detailOf(answer)).toBe('event_store.client.StreamDeleted');
  });

  it.each([
    [
      'no stream',
      () =>
        batch({ options: anyRevision().setStreamIdentifier(undefined), messages: [proposed()] }),
    ],
    ['no expectation', () => batch({ options: batchOptions(stream), messages: [proposed()] })],
    [
      'an event without a type',
      () => batch({ options: anyRevision(stream), messages: [proposed({ type: null })] }),
    ],
    [
      'an event without a content type',
      () => batch({ options: anyRevision(stream), messages: [proposed({ contentType: null })] }),
    ],
    [
      'an event whose id is none',
      () => batch({ options: anyRevision(stream), messages: [proposed({ id: uuidOf('none') })] }),
    ],
    // A server keeps what came of it and adds a time-out two seconds later.
  ])('with %s is refused with one answer at first, and the call goes on', async (_, request) => {
    const after = batch({ options: anyRevision(stream), messages: [proposed()] });
    const answers = await batchAppend(raw(), [request(), after], { answers: 2, last: anyBatch() });
    expect(answers).toHaveLength(2);
    expect(answers.filter((answer) => answer.hasError())).toHaveLength(1);
    expect(answers.find((answer) => answer.hasError())?.hasStreamIdentifier()).toBe(true);
  });

  describeNodeOnly('without its last message', () => {
    it.each([
      ['refused', () => batch({ isFinal: false })],
      ['waiting', () => batch({ options: anyRevision(stream), isFinal: false })],
    ])('ends the call after a thousand others, %s', async (_, request) => {
      const open = (count: number) => Array.from({ length: count }, request);
      const error = await failureOf(batchAppend(raw(), open(1_001), { answers: Infinity }));
      expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
      const whole = batch({ options: anyRevision(stream), messages: [proposed()] });
      const refused = request().hasOptions() ? 0 : 1_000;
      const answers = await batchAppend(raw(), [...open(1_000), whole], { answers: refused + 1 });
      expect(answers.filter((answer) => answer.hasSuccess())).toHaveLength(1);
    });
  });
});
