import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import Timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { describe, expect, it } from 'vitest';

import { ProtoWriter } from '#protobuf/proto-writer.js';

import { type BatchRequest, batchRequest } from './batch-request.js';
import { batchAppendBytes } from './well-formed.fixture.js';
import { isWellFormed, shapes } from './well-formed.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uuid = fc.oneof(
  fc.uuid().map((text) => new shared.UUID().setString(text)),
  fc.tuple(int64, int64).map(([most, least]) => {
    const halves = new shared.UUID.Structured().setMostSignificantBits(most.toString());
    return new shared.UUID().setStructured(halves.setLeastSignificantBits(least.toString()));
  }),
  fc.constant(new shared.UUID()),
);
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 300 });

const proposed = fc
  .record({
    id: fc.option(uuid),
    properties: fc.dictionary(text, text),
    data: bytes,
    metadata: bytes,
  })
  .map(({ id, properties, data, metadata }) => {
    const message = new streams.BatchAppendReq.ProposedMessage();
    if (id) message.setId(id);
    for (const [key, value] of Object.entries(properties)) message.getMetadataMap().set(key, value);
    if (data.length % 2 === 0) message.getMetadataMap().set('type', 'Happened');
    if (data.length % 3 === 0) message.getMetadataMap().set('content-type', 'application/json');
    return message.setData(data).setCustomMetadata(metadata);
  });

const options = fc
  .record({
    name: fc.option(bytes),
    expected: fc.constantFrom('none', 'no_stream', 'any', 'stream_exists', 'revision'),
    revision: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    deadline: fc.option(fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 999_999_999 }))),
  })
  .map(({ name, expected, revision, deadline }) => {
    const message = new streams.BatchAppendReq.Options();
    if (name) message.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(name));
    if (expected === 'revision') message.setStreamPosition(revision.toString());
    if (expected === 'no_stream') message.setNoStream(new shared.Empty());
    if (expected === 'any') message.setAny(new shared.Empty());
    if (expected === 'stream_exists') message.setStreamExists(new shared.Empty());
    if (deadline) {
      const [seconds, nanos] = deadline;
      message.setDeadline(new Timestamps.Timestamp().setSeconds(seconds).setNanos(nanos));
    }
    return message;
  });

const request = fc
  .record({
    correlation: fc.option(uuid),
    options: fc.option(options),
    proposed: fc.array(proposed, { maxLength: 4 }),
    isFinal: fc.boolean(),
  })
  .map((parts) => {
    const message = new streams.BatchAppendReq().setProposedMessagesList(parts.proposed);
    if (parts.correlation) message.setCorrelationId(parts.correlation);
    if (parts.options) message.setOptions(parts.options);
    return message.setIsFinal(parts.isFinal);
  });

const hexOf = (data: Uint8Array | undefined): string | undefined =>
  data && Buffer.from(data).toString('hex');

const uuidShown = (message: shared.UUID | undefined): unknown => {
  const halves = message?.getStructured();
  const bits = halves && [halves.getMostSignificantBits(), halves.getLeastSignificantBits()];
  return message && [message.getString(), bits?.map((half) => BigInt.asUintN(64, BigInt(half)))];
};

const expectedShown = (message: streams.BatchAppendReq.Options): unknown => {
  if (message.hasStreamPosition()) return BigInt(message.getStreamPosition());
  if (message.hasNoStream()) return 'no_stream';
  if (message.hasAny()) return 'any';
  return message.hasStreamExists() ? 'stream_exists' : undefined;
};

/** What the generated code reads. */
const theirs = (encoded: Uint8Array): unknown => {
  const message = streams.BatchAppendReq.deserializeBinary(encoded);
  const found = message.getOptions();
  const deadline = found?.getDeadline();
  return {
    correlation: uuidShown(message.getCorrelationId()),
    isFinal: message.getIsFinal(),
    options: found && {
      name: hexOf(found.getStreamIdentifier()?.getStreamName_asU8()) ?? '',
      expected: expectedShown(found),
      deadlineMs: deadline && deadline.getSeconds() * 1_000 + deadline.getNanos() / 1e6,
    },
    proposed: message.getProposedMessagesList().map((one) => ({
      id: uuidShown(one.getId()),
      type: one.getMetadataMap().get('type'),
      contentType: one.getMetadataMap().get('content-type'),
      data: hexOf(one.getData_asU8()),
      metadata: hexOf(one.getCustomMetadata_asU8()),
    })),
  };
};

const fieldsShown = (fields: BatchRequest['proposed'][number]['id']): unknown =>
  fields && [fields.text, fields.halves];

const ours = (encoded: Uint8Array): unknown => {
  const message = batchRequest(encoded);
  const found = message.options;
  return {
    correlation: fieldsShown(message.correlation),
    isFinal: message.isFinal,
    options: found && {
      name: hexOf(found.streamName) ?? '',
      expected: found.expected,
      deadlineMs: found.deadlineMs,
    },
    proposed: message.proposed.map(({ id, type, contentType, data, metadata }) => ({
      id: fieldsShown(id),
      type,
      contentType,
      data: hexOf(data),
      metadata: hexOf(metadata),
    })),
  };
};

describe('a message of a batch append', () => {
  it('is read as by the generated code', () => {
    fc.assert(
      fc.property(request, (message) => {
        const encoded = message.serializeBinary();
        expect(ours(encoded)).toEqual(theirs(encoded));
      }),
    );
  });

  it('counts the last of a repeated field, as by the generated code', () => {
    fc.assert(
      fc.property(request, request, (first, second) => {
        const encoded = Buffer.concat([first.serializeBinary(), second.serializeBinary()]);
        expect(ours(encoded)).toEqual(theirs(encoded));
      }),
    );
  });

  it('may have fields that are not known', () => {
    fc.assert(
      fc.property(request, fc.integer({ min: 8, max: 2_000 }), bytes, (message, field, value) => {
        const unknown = new ProtoWriter(value.length + 20).bytes(field, value).finish();
        const encoded = Buffer.concat([unknown, message.serializeBinary(), unknown]);
        expect(ours(encoded)).toEqual(theirs(message.serializeBinary()));
      }),
    );
  });

  it('is read as by the generated code, or refused, where bytes of it are others', () => {
    const changed = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(changed, fc.boolean(), ([place, other], isCut) => {
        const message = Buffer.from(batchAppendBytes());
        message.set(other, place % (message.length - other.length));
        const encoded = isCut ? message.subarray(0, place % message.length) : message;
        // What is no form at all is refused before, and would be read for ever by the generated code.
        if (!isWellFormed(encoded, shapes.batchAppend)) return;
        const read = ours(encoded);
        // The two replace bytes that are no UTF-8 in ways of their own.
        if (encoded.toString('utf8').includes('\ufffd')) return;
        expect(read).toEqual(theirs(new Uint8Array(encoded)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps its correlation id as it was encoded, and the duration that newer clients send', () => {
    const encoded = new ProtoWriter(200)
      .message(2, (all) => all.message(7, (time) => time.uint32(2, 5_000_000).uint32(1, 3)))
      .message(1, (id) => id.string(2, 'x').uint32(9, 1))
      .finish();
    const { correlation, options: found } = batchRequest(encoded);
    expect(found?.durationMs).toBe(3_005);
    const id = new ProtoWriter(20).string(2, 'x').uint32(9, 1).finish();
    expect(hexOf(correlation?.encoded)).toBe(hexOf(id));
  });
});
