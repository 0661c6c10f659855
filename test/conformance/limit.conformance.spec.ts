import {
  ANY,
  binaryEvent,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  RequiredMetadataPropertyMissingError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { convertToCommandError } from '@eventstore/db-client/dist/utils/CommandError.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';

import {
  batch,
  batchAppend,
  batchOptions,
  detailOf,
  identifier,
  proposed,
  rawClient,
  uuidOf,
} from './raw.js';
import {
  appendTo,
  classic,
  collect,
  describeNodeOnly,
  failureOf,
  idsIn,
  newStream,
  sharedStore,
  startStore,
  thing,
} from './support.js';

const MEBIBYTE = 1024 * 1024;
const TYPE = 'Large';

const store = sharedStore();

const large = (bytes: number) => binaryEvent({ type: TYPE, data: Buffer.alloc(bytes) });

const transports = [
  ['batch append', {}],
  ['classic append', classic],
] as const;

describe.each(transports)('%s', (_, transport: typeof classic | Record<string, never>) => {
  const append = (stream: string, ...events: ReturnType<typeof large>[]) =>
    store.client.appendToStream(stream, events, { expectedRevision: NO_STREAM, ...transport });

  describeNodeOnly('of up to 1 MiB', () => {
    it('is taken: data, metadata and twice the length of the type', async () => {
      const stream = newStream();
      await append(stream, large(MEBIBYTE - 2 * TYPE.length));
      expect(await idsIn(store, stream)).toHaveLength(1);
    });

    it('is refused for one byte more, and nothing is written', async () => {
      const stream = newStream();
      const error = await failureOf(append(stream, large(MEBIBYTE - 2 * TYPE.length + 1)));
      expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
      expect(error).toMatchObject({ maxAppendSize: MEBIBYTE });
      expect(await failureOf(idsIn(store, stream))).toBeInstanceOf(StreamNotFoundError);
    });

    it('counts all events of the append together', async () => {
      const half = large(MEBIBYTE / 2);
      const error = await failureOf(append(newStream(), half, large(MEBIBYTE / 2)));
      expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
      const quarter = Array.from({ length: 3 }, () => large(MEBIBYTE / 4));
      await append(newStream(), ...quarter);
    });
  });

  it('far beyond what the store takes is refused, and others go on', async () => {
    const beside = Array.from({ length: 10 }, () =>
      appendTo(store, newStream(), thing(), NO_STREAM),
    );
    const error = await failureOf(append(newStream(), large(16 * MEBIBYTE), large(MEBIBYTE)));
    expect(error).toBeInstanceOf(Error);
    await Promise.all(beside);
    await append(newStream(), large(10));
  });
});

describeNodeOnly.each(transports)('%s of more than 20,000 events', (_, transport) => {
  it('is refused as one that is too large', async () => {
    const events = Array.from({ length: 20_001 }, () =>
      binaryEvent({ type: 'T', data: Buffer.alloc(0) }),
    );
    const append = (count: number) =>
      store.client.appendToStream(newStream(), events.slice(0, count), {
        expectedRevision: NO_STREAM,
        ...transport,
      });
    const error = await failureOf(append(20_001));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect((await append(20_000)).success).toBe(true);
  });
});

describeNodeOnly('an append of more than 20,000 events', () => {
  it('is refused with the number in its text', async () => {
    const messages = Array.from({ length: 20_001 }, () => proposed({ data: Buffer.alloc(0) }));
    const raw = rawClient(store);
    const options = batchOptions(newStream()).setAny(new shared.Empty());
    const [answer] = await batchAppend(raw, [batch({ options, messages })]);
    raw.close();
    expect(detailOf(answer)).toBe('event_store.client.MaximumAppendSizeExceeded');
    expect(answer?.getError()?.getMessage()).toContain('at most 20000 events');
  });
});

describeNodeOnly('a node with another limit', () => {
  it('keeps to it', async () => {
    const small = await startStore({ EVENT_NODE_MAX_APPEND_BYTES: '2048' });
    const error = await failureOf(
      appendTo(small, newStream(), jsonEvent({ type: 'T', data: { text: 'x'.repeat(3000) } }), ANY),
    );
    expect(error).toMatchObject({ maxAppendSize: 2048 });
    await appendTo(small, newStream(), thing(), ANY);
    await small.stop();
  });
});

describe('an event', () => {
  const classicAppend = (
    requests: streams.AppendReq[],
  ): Promise<{ error: ServiceError | null; trailers?: Metadata }> =>
    new Promise((resolve) => {
      const raw = rawClient(store);
      const call = raw.append((error) => {
        resolve({ error, ...(error && { trailers: error.metadata }) });
        raw.close();
      });
      for (const request of requests) call.write(request);
      call.end();
    });
  const optionsFor = (stream: string) =>
    new streams.AppendReq().setOptions(
      new streams.AppendReq.Options()
        .setStreamIdentifier(identifier(stream))
        .setAny(new shared.Empty()),
    );
  const message = (properties: Record<string, string>, id = uuidOf()) => {
    const event = new streams.AppendReq.ProposedMessage().setId(id).setData(Buffer.from('{}'));
    for (const [key, value] of Object.entries(properties)) event.getMetadataMap().set(key, value);
    return new streams.AppendReq().setProposedMessage(event);
  };

  it.each([
    ['type', { 'content-type': 'application/json' }],
    ['content-type', { type: 'T' }],
  ])('without %s is refused', async (_, properties) => {
    const { error, trailers } = await classicAppend([optionsFor(newStream()), message(properties)]);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(trailers?.get('exception')).toEqual(['missing-required-metadata-property']);
    expect(trailers?.get('required-metadata-properties')).toEqual(['type,content-type']);
    expect(convertToCommandError(error!)).toBeInstanceOf(RequiredMetadataPropertyMissingError);
  });

  it('without a UUID is refused', async () => {
    const properties = { type: 'T', 'content-type': 'application/json' };
    const { error } = await classicAppend([
      optionsFor(newStream()),
      message(properties, new shared.UUID().setString('none')),
    ]);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });

  it('before the options is refused', async () => {
    const { error } = await classicAppend([
      message({ type: 'T', 'content-type': 'application/json' }),
    ]);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });
});

describe('a stream name', () => {
  it.each([
    ['empty', ''],
    ['only the prefix of metadata', '$$'],
  ])('that is %s is refused', async (_, stream) => {
    const raw = rawClient(store);
    const options = batchOptions(stream).setAny(new shared.Empty());
    const [answer] = await batchAppend(raw, [batch({ options, messages: [proposed()] })]);
    expect(detailOf(answer)).toBe('event_store.client.BadRequest');
    raw.close();
  });

  it.each(['käfer-ß-😀', 'with space and / and %', '$system-like', 'x'.repeat(500)])(
    '%.20s: is taken as it is',
    async (name) => {
      const stream = `${name}-${newStream()}`;
      await appendTo(store, stream, thing(), NO_STREAM);
      const [read] = await collect(store.client.readStream(stream));
      expect(read?.event?.streamId).toBe(stream);
    },
  );

  describeNodeOnly('of the node', () => {
    it('is at most 1024 bytes long and holds no NUL', async () => {
      await appendTo(store, 'x'.repeat(1024), thing(), ANY);
      for (const stream of ['x'.repeat(1025), 'a\0b']) {
        expect(await failureOf(appendTo(store, stream, thing(), ANY))).toBeInstanceOf(Error);
      }
    });
  });
});
