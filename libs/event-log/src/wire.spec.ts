import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MalformedMessage } from '#protobuf/proto-reader.js';
import { ProtoWriter } from '#protobuf/proto-writer.js';
import { newEvent } from '#testing/new-event.js';

import { decodeReply, encodeAppend } from './wire-append.js';
import { decodeAnswer } from './wire-event.js';
import { confirmed, deniedAppend } from './wire-server.fixture.js';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const json = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }));
const newEvents = fc.array(
  fc.record({ id: fc.uuid(), type: text, data: json }).map(({ id, type, data }) => ({
    ...newEvent('Counted', data),
    id,
    type,
  })),
  { minLength: 1, maxLength: 4 },
);
const expected = fc.oneof(fc.constant('no_stream' as const), uint64);

/** What the generated code reads of the messages of an append. */
const readAppend = (messages: readonly Buffer[]) => {
  const read = messages.map((bytes) => streams.BatchAppendReq.deserializeBinary(bytes));
  const options = read[0]?.getOptions();
  return {
    correlations: read.map((message) => message.getCorrelationId()?.getString()),
    isFinal: read.map((message) => message.getIsFinal()),
    withOptions: read.map((message) => message.hasOptions()),
    stream: Buffer.from(options?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
    expected: options?.hasNoStream()
      ? 'no_stream'
      : options?.hasStreamPosition() && BigInt(options.getStreamPosition()),
    hasDeadline: options?.hasDeadline(),
    events: read.flatMap((message) =>
      message.getProposedMessagesList().map((one) => ({
        id: one.getId()?.getString(),
        properties: Object.fromEntries(one.getMetadataMap().toObject(false)),
        data: JSON.parse(Buffer.from(one.getData_asU8()).toString()) as unknown,
        metadata: JSON.parse(Buffer.from(one.getCustomMetadata_asU8()).toString()) as unknown,
      })),
    ),
  };
};

describe('an append on the wire', () => {
  it('is read by the generated code as what it was', () => {
    fc.assert(
      fc.property(fc.uuid(), text, expected, newEvents, (correlation, stream, at, events) => {
        const messages = encodeAppend({ correlation, stream, expected: at }, events);
        const read = readAppend(messages);
        expect(read).toMatchObject({ correlations: [correlation], isFinal: [true] });
        expect(read).toMatchObject({ stream, expected: at, hasDeadline: false });
        expect(read.events).toEqual(
          events.map(({ id, type, data, metadata }) => ({
            id,
            properties: { type, 'content-type': 'application/json' },
            data: JSON.parse(JSON.stringify(data)) as unknown,
            metadata: JSON.parse(JSON.stringify(metadata)) as unknown,
          })),
        );
      }),
    );
  });

  it('of more than a message holds goes in several, of which the first has the options', () => {
    const big = { text: 'x'.repeat(700_000) };
    const events = [1, 2, 3].map(() => newEvent('Counted', big));
    const append = { correlation: 'c', stream: 's-1', expected: 'no_stream' } as const;
    const read = readAppend(encodeAppend(append, events));
    expect(read.correlations).toEqual(['c', 'c', 'c']);
    expect(read.isFinal).toEqual([false, false, true]);
    expect(read.withOptions).toEqual([true, false, false]);
    expect(read.events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });
});

describe('the reply to an append', () => {
  it('is a success with its revision, and its position where the server says it', () => {
    fc.assert(
      fc.property(fc.uuid(), uint64, fc.option(uint64), (id, revision, commit) => {
        const success = new streams.BatchAppendResp.Success();
        success.setCurrentRevision(revision.toString());
        if (commit === null) success.setNoPosition(new shared.Empty());
        else {
          const at = new shared.AllStreamPosition().setCommitPosition(commit.toString());
          success.setPosition(at.setPreparePosition(commit.toString()));
        }
        const reply = new streams.BatchAppendResp().setSuccess(success);
        reply.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from('s')));
        reply.setCorrelationId(new shared.UUID().setString(id)).setNoStream(new shared.Empty());
        expect(decodeReply(Buffer.from(reply.serializeBinary()))).toEqual({
          correlation: id,
          confirmed: {
            revision,
            ...(commit !== null && { position: { commit, prepare: commit } }),
          },
        });
      }),
    );
  });

  it('is left to the generated code where it is no success', () => {
    const reply = deniedAppend().setCorrelationId(new shared.UUID().setString('id'));
    const { correlation, refused } = decodeReply(Buffer.from(reply.serializeBinary()));
    expect(correlation).toBe('id');
    expect(refused?.getError()?.getMessage()).toBe('Access Denied');
    expect(decodeReply(Buffer.alloc(0)).refused?.hasError()).toBe(false);
  });

  it('is refused where it is cut off', () => {
    const whole = Buffer.from(confirmed(5, 77).serializeBinary());
    const cuts = Array.from({ length: whole.length - 1 }, (_, n) => whole.subarray(0, n + 1));
    for (const cut of cuts) expect(() => decodeReply(cut)).toThrow(MalformedMessage);
  });
});

const recorded = fc
  .record({
    id: fc.uuid(),
    isStructured: fc.boolean(),
    stream: text,
    type: text,
    revision: uint64,
    commit: uint64,
    createdMs: fc.integer({ min: 0, max: 8_640_000_000_000 }),
    data: json,
    metadata: fc.option(json),
  })
  .map((event) => {
    const message = new streams.ReadResp.ReadEvent.RecordedEvent();
    const digits = BigInt(`0x${event.id.replaceAll('-', '')}`);
    const halves = new shared.UUID.Structured()
      .setMostSignificantBits(BigInt.asIntN(64, digits >> 64n).toString())
      .setLeastSignificantBits(BigInt.asIntN(64, digits).toString());
    message.setId(
      event.isStructured
        ? new shared.UUID().setStructured(halves)
        : new shared.UUID().setString(event.id),
    );
    const name = Buffer.from(event.stream);
    message.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(name));
    message.setStreamRevision(event.revision.toString());
    message.setCommitPosition(event.commit.toString()).setPreparePosition(event.commit.toString());
    const properties = message.getMetadataMap().set('type', event.type);
    properties.set('content-type', 'application/json').set('created', `${event.createdMs}9999`);
    message.setData(Buffer.from(JSON.stringify(event.data)));
    if (event.metadata) message.setCustomMetadata(Buffer.from(JSON.stringify(event.metadata)));
    return { event, message };
  });

const answerOf = (message: streams.ReadResp): Buffer => Buffer.from(message.serializeBinary());

describe('the answer to a read', () => {
  it('is the event that the generated code would read', () => {
    fc.assert(
      fc.property(recorded, ({ event, message }) => {
        const entry = new streams.ReadResp.ReadEvent().setEvent(message);
        const bytes = answerOf(
          new streams.ReadResp().setEvent(entry.setNoPosition(new shared.Empty())),
        );
        const unknown = new ProtoWriter(20).string(99, 'unknown').finish();
        const { event: read, position } = decodeAnswer(Buffer.concat([unknown, bytes, unknown]));
        const { id, stream, type, revision, commit, createdMs } = event;
        expect(read).toMatchObject({ id, stream, type, revision });
        expect(position).toEqual({ commit, prepare: commit });
        expect(read?.position).toEqual(position);
        expect(read?.created).toEqual(new Date(createdMs));
        const stored = message.getData_asU8().length + message.getCustomMetadata_asU8().length;
        expect(read?.bytes).toBe(stored);
        for (let look = 0; look < 2; look += 1) {
          expect(read?.data).toEqual(JSON.parse(JSON.stringify(event.data)));
          expect(read?.metadata).toEqual(JSON.parse(JSON.stringify(event.metadata ?? {})));
        }
      }),
    );
  });

  it('gives what a link leads to the place of the link', () => {
    fc.assert(
      fc.property(recorded, recorded, ({ message: event }, { event: at, message: link }) => {
        const entry = new streams.ReadResp.ReadEvent().setEvent(event).setLink(link);
        const answer = decodeAnswer(answerOf(new streams.ReadResp().setEvent(entry)));
        expect(answer.position).toEqual({ commit: at.commit, prepare: at.commit });
        expect(answer.event?.position).toEqual(answer.position);
        const dangling = new streams.ReadResp.ReadEvent().setLink(link);
        expect(decodeAnswer(answerOf(new streams.ReadResp().setEvent(dangling)))).toEqual({
          isEntry: true,
          event: undefined,
          position: answer.position,
        });
      }),
    );
  });

  it('is what others wrote, as it is, where that is no JSON', () => {
    const message = new streams.ReadResp.ReadEvent.RecordedEvent().setData(Buffer.from('{'));
    message.setCustomMetadata(Buffer.from('x'));
    const read = () => {
      const entry = new streams.ReadResp.ReadEvent().setEvent(message);
      return decodeAnswer(answerOf(new streams.ReadResp().setEvent(entry))).event;
    };
    expect(read()?.data).toEqual(Buffer.from('{'));
    message.getMetadataMap().set('content-type', 'application/json').set('created', 'never');
    expect(read()?.data).toBe('{');
    expect(read()?.metadata).toEqual(Buffer.from('x'));
    expect(read()?.created).toEqual(new Date(0));
  });

  it('is no entry where it is a confirmation, a checkpoint or a missing stream', () => {
    const answers = [
      new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation()),
      new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint()),
      new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound()),
    ];
    for (const answer of answers) expect(decodeAnswer(answerOf(answer)).isEntry).toBe(false);
  });
});
