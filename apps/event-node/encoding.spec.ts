import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { uuid } from './decode.js';
import { encodeOutcome } from './encode-batch.js';
import { encodeCheckpoint, encodeResolved, encodeStreamNotFound } from './encode-read.js';
import { encodeUuid } from './encode-uuid.js';
import { MAX_REVISION, type RecordedEvent } from './event.js';

const int64 = fc.bigInt({ min: 0n, max: MAX_REVISION });
const recorded: fc.Arbitrary<RecordedEvent> = fc.record({
  position: int64,
  stream: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  revision: int64,
  id: fc.uuid(),
  type: fc.string({ unit: 'grapheme', maxLength: 40 }),
  isJson: fc.boolean(),
  data: fc.uint8Array({ maxLength: 400 }),
  metadata: fc.uint8Array({ maxLength: 200 }),
  created: int64,
});

const shown = (event: streams.ReadResp.ReadEvent.RecordedEvent | undefined): unknown => ({
  position: BigInt(event?.getCommitPosition() ?? -1),
  prepare: BigInt(event?.getPreparePosition() ?? -1),
  stream: Buffer.from(event?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
  revision: BigInt(event?.getStreamRevision() ?? -1),
  id: uuid(event?.getId()),
  type: event?.getMetadataMap().get('type'),
  contentType: event?.getMetadataMap().get('content-type'),
  created: event?.getMetadataMap().get('created'),
  data: Buffer.from(event?.getData_asU8() ?? []),
  metadata: Buffer.from(event?.getCustomMetadata_asU8() ?? []),
});

const wanted = (event: RecordedEvent): unknown => ({
  position: event.position,
  prepare: event.position,
  stream: Buffer.from(event.stream).toString(),
  revision: event.revision,
  id: event.id,
  type: Buffer.from(event.type).toString(),
  contentType: event.isJson ? 'application/json' : 'application/octet-stream',
  created: event.created.toString(),
  data: Buffer.from(event.data),
  metadata: Buffer.from(event.metadata),
});

describe('what the node writes', () => {
  it('is read by the generated code as the event that it was', () => {
    fc.assert(
      fc.property(recorded, recorded, fc.boolean(), (event, link, structuredIds) => {
        const bytes = encodeResolved({ event, link }, structuredIds);
        const read = streams.ReadResp.deserializeBinary(bytes).getEvent();
        expect(shown(read?.getEvent())).toEqual(wanted(event));
        expect(shown(read?.getLink())).toEqual(wanted(link));
        expect(BigInt(read?.getCommitPosition() ?? -1)).toBe(link.position);
        expect(read?.getEvent()?.getId()?.hasStructured()).toBe(structuredIds);
      }),
    );
  });

  it('says where a checkpoint is and which stream is missing', () => {
    fc.assert(
      fc.property(int64, fc.string({ unit: 'grapheme' }), (position, stream) => {
        const bytes = encodeCheckpoint(position);
        const checkpoint = streams.ReadResp.deserializeBinary(bytes).getCheckpoint();
        expect(checkpoint?.getCommitPosition()).toBe(position.toString());
        expect(checkpoint?.getPreparePosition()).toBe(position.toString());
        const missing = streams.ReadResp.deserializeBinary(encodeStreamNotFound(stream));
        const name = missing.getStreamNotFound()?.getStreamIdentifier()?.getStreamName_asU8();
        expect(Buffer.from(name ?? []).equals(Buffer.from(stream))).toBe(true);
      }),
    );
  });

  it('repeats the correlation id and the stream of a batch append', () => {
    const id = new shared.UUID().setString('0f0e0d0c-0b0a-4908-8706-050403020100');
    const head = {
      correlationId: encodeUuid(id.getString(), false),
      stream: 'käfer-1',
      expected: 4n,
    } as const;
    const bytes = encodeOutcome(head, { kind: 'written', revision: 5n, position: 77n });
    const answer = streams.BatchAppendResp.deserializeBinary(bytes);
    expect(answer.getCorrelationId()?.getString()).toBe(id.getString());
    const stream = answer.getStreamIdentifier()?.getStreamName_asU8();
    expect(Buffer.from(stream ?? []).toString()).toBe('käfer-1');
    expect(answer.getSuccess()?.getCurrentRevision()).toBe('5');
    expect(answer.getSuccess()?.getPosition()?.getCommitPosition()).toBe('77');
  });
});

describe('a UUID', () => {
  it('is the same as text and as two numbers', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const hex = BigInt(`0x${id.replaceAll('-', '')}`);
        const structured = new shared.UUID.Structured()
          .setMostSignificantBits(BigInt.asIntN(64, hex >> 64n).toString())
          .setLeastSignificantBits(BigInt.asIntN(64, hex).toString());
        expect(uuid(new shared.UUID().setStructured(structured))).toBe(id);
        expect(uuid(new shared.UUID().setString(id.toUpperCase()))).toBe(id);
        for (const form of [true, false]) {
          expect(uuid(shared.UUID.deserializeBinary(encodeUuid(id, form)))).toBe(id);
        }
      }),
    );
  });

  it('is refused when it is none', () => {
    expect(() => uuid(new shared.UUID().setString('42'))).toThrow(/UUID/);
    expect(() => uuid(undefined)).toThrow(/UUID/);
  });
});
