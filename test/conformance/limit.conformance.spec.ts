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
import { type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import {
  anyRevision,
  appendMessage,
  appendOptions,
  batch,
  batchAppend,
  classicAppend,
  proposed,
  withRaw,
} from './raw.js';
import { startStore } from './store.js';
import { describeNodeOnly, itNodeOnly, sharedStore } from './suite.js';
import { appendTo, classic, collect, failureOf, idsIn, newStream, thing } from './support.js';

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

  // A server ends the whole call, which others use.
  itNodeOnly('far beyond what the store takes is refused, and others go on', async () => {
    const beside = Array.from({ length: 10 }, () =>
      appendTo(store, newStream(), thing(), NO_STREAM),
    );
    const error = await failureOf(append(newStream(), large(16 * MEBIBYTE), large(MEBIBYTE)));
    expect(error).toBeInstanceOf(Error);
    await Promise.all(beside);
    await append(newStream(), large(10));
  });
});

// That more are refused stands in `differences/limits.ts`.
describeNodeOnly('an append of many events', () => {
  it('is taken with 20,000 of them', async () => {
    const messages = Array.from({ length: 20_000 }, () => proposed({ data: Buffer.alloc(0) }));
    const [answer] = await withRaw(store, (raw) =>
      batchAppend(raw, [batch({ options: anyRevision(), messages })]),
    );
    expect(answer?.hasSuccess()).toBe(true);
  });

  it('is refused as one that is too large with more, in a call of its own, too', async () => {
    const events = Array.from({ length: 20_001 }, () =>
      binaryEvent({ type: 'T', data: Buffer.alloc(0) }),
    );
    // As many messages take a busy machine longer than the client waits.
    const options = { expectedRevision: NO_STREAM, deadline: 60_000, ...classic } as const;
    const error = await failureOf(store.client.appendToStream(newStream(), events, options));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error.message).toContain('at most 20000 events');
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
  it.each([
    ['type', { 'content-type': 'application/json' }],
    ['content-type', { type: 'T' }],
  ])('without %s is refused', async (_, properties) => {
    const requests = [appendOptions(newStream()), appendMessage(properties)];
    const error = (await failureOf(classicAppend(store, requests))) as ServiceError;
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.metadata.get('exception')).toEqual(['missing-required-metadata-property']);
    expect(error.metadata.get('required-metadata-properties')).toEqual(['type,content-type']);
    expect(convertToCommandError(error)).toBeInstanceOf(RequiredMetadataPropertyMissingError);
  });
});

describe('a stream name', () => {
  it('that is empty is refused, in whatever way', async () => {
    const options = anyRevision('');
    const refused = withRaw(store, (raw) =>
      batchAppend(raw, [batch({ options, messages: [proposed()] })], { withinMs: 3_000 }),
    );
    const [answer] = await refused.catch(() => []);
    expect(answer?.hasSuccess() ?? false).toBe(false);
  });

  const isTaken = async (stream: string): Promise<void> => {
    await appendTo(store, stream, thing(), NO_STREAM);
    const [read] = await collect(store.client.readStream(stream));
    expect(read?.event?.streamId).toBe(stream);
  };

  it.each(['käfer-ß-😀', 'with space and / and %', 'x'.repeat(500)])(
    '%.25s: is taken as it is',
    (name) => isTaken(`${newStream()}-${name}`),
  );

  describeNodeOnly('of the node', () => {
    it('is taken as it is where it looks like one of the system', () =>
      isTaken(`$system-like-${newStream()}`));

    it('is at most 1024 bytes long and holds no NUL', async () => {
      const longest = newStream().padEnd(1024, 'x');
      await appendTo(store, longest, thing(), ANY);
      for (const stream of [`${longest}x`, `${newStream()}\0b`]) {
        expect(await failureOf(appendTo(store, stream, thing(), ANY))).toBeInstanceOf(Error);
      }
    });
  });
});
