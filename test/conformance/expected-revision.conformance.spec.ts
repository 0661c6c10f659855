import {
  ANY,
  type AppendExpectedRevision,
  type EventStoreDBClient,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';

import { sharedStore } from './suite.js';
import {
  appendTo,
  classic,
  failureOf,
  idsIn,
  newStream,
  revived,
  thing,
  things,
} from './support.js';

type StateName = 'missing' | 'live' | 'soft-deleted' | 'tombstoned' | 'metadata-only';
type Outcome = 'appended' | 'wrong version' | 'deleted';

const store = sharedStore();

/** Brings a new stream into a state; one with events ends at revision 2. */
const streamIn = async (state: StateName): Promise<string> => {
  const stream = newStream();
  if (state === 'missing') return stream;
  if (state === 'metadata-only') {
    await store.client.setStreamMetadata(stream, { owner: 'lab' });
    return stream;
  }
  await appendTo(store, stream, things(3), NO_STREAM);
  if (state === 'soft-deleted') await store.client.deleteStream(stream);
  if (state === 'tombstoned') await store.client.tombstoneStream(stream);
  return stream;
};

const expectations: readonly (readonly [string, AppendExpectedRevision])[] = [
  ['any', ANY],
  ['no_stream', NO_STREAM],
  ['stream_exists', STREAM_EXISTS],
  ['the first revision', 0n],
  ['the revision before the last', 1n],
  ['the last revision', 2n],
  ['the revision after the last', 3n],
  ['a revision far ahead', 1_000_000n],
];

const appended: Outcome = 'appended';
const wrong: Outcome = 'wrong version';
const deleted: Outcome = 'deleted';

/** In the order of `expectations`. */
const outcomes: Readonly<Record<StateName, readonly Outcome[]>> = {
  missing: [appended, appended, wrong, wrong, wrong, wrong, wrong, wrong],
  live: [appended, wrong, appended, wrong, wrong, appended, wrong, wrong],
  'soft-deleted': [appended, appended, deleted, wrong, wrong, appended, wrong, wrong],
  tombstoned: [deleted, deleted, deleted, deleted, deleted, deleted, deleted, deleted],
  'metadata-only': [appended, appended, appended, wrong, wrong, wrong, wrong, wrong],
};

const hasEvents = (state: StateName): boolean => state === 'live' || state === 'soft-deleted';

const cases = (Object.keys(outcomes) as StateName[]).flatMap((state) =>
  expectations.map(
    ([name, expectedRevision], index) =>
      [state, name, outcomes[state][index] ?? wrong, expectedRevision] as const,
  ),
);

const transports = [
  ['batch append', {}],
  ['classic append', classic],
] as const;

describe.each(transports)(
  '%s',
  (_, transport: Parameters<EventStoreDBClient['appendToStream']>[2]) => {
    it.each(cases)(
      'to a %s stream expecting %s: %s',
      async (state, _name, outcome, expectedRevision) => {
        const stream = await streamIn(state);
        const event = thing();
        const append = appendTo(store, stream, event, expectedRevision, transport);
        if (outcome === 'appended') {
          const { nextExpectedRevision } = await append;
          expect(nextExpectedRevision).toBe(hasEvents(state) ? 3n : 0n);
          const ids = await revived(() => idsIn(store, stream));
          expect(ids.at(-1)).toBe(event.id);
          return;
        }
        const error = await failureOf(append);
        if (outcome === 'deleted') {
          expect(error).toBeInstanceOf(StreamDeletedError);
          expect((error as StreamDeletedError).streamName).toBe(stream);
          return;
        }
        expect(error).toBeInstanceOf(WrongExpectedVersionError);
        expect(error).toMatchObject({
          streamName: stream,
          expectedVersion: expectedRevision,
          actualVersion: hasEvents(state) ? 2n : 'no_stream',
        });
      },
    );
  },
);

describe('deleting', () => {
  const deletes = ['deleteStream', 'tombstoneStream'] as const;

  it.each(deletes)('%s refuses another revision than the last', async (method) => {
    const stream = await streamIn('live');
    for (const expectedRevision of [NO_STREAM, 0n, 3n] as const) {
      const error = await failureOf(store.client[method](stream, { expectedRevision }));
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ streamName: stream, actualVersion: 2n });
    }
    await store.client[method](stream, { expectedRevision: 2n });
  });

  it.each(deletes)('%s refuses a stream that was deleted for good', async (method) => {
    const stream = await streamIn('tombstoned');
    expect(await failureOf(store.client[method](stream))).toBeInstanceOf(StreamDeletedError);
  });

  it.each([
    ['deleteStream', ANY, -2n],
    ['deleteStream', NO_STREAM, -1n],
    ['deleteStream', 7n, 7n],
    ['tombstoneStream', 7n, 7n],
  ] as const)('%s deletes nothing where nothing is (%s)', async (method, expected, version) => {
    const stream = newStream();
    const error = await failureOf(store.client[method](stream, { expectedRevision: expected }));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ expectedVersion: version, actualVersion: -1n });
    expect(error.message).toContain(`Delete failed due to WrongExpectedVersion. Stream: ${stream}`);
  });

  it('ends a stream for good that was never written', async () => {
    const stream = newStream();
    await store.client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    expect(await failureOf(appendTo(store, stream, thing(), ANY))).toBeInstanceOf(
      StreamDeletedError,
    );
  });

  it('keeps a stream that was deleted for good from being given metadata', async () => {
    const stream = await streamIn('tombstoned');
    expect(await failureOf(store.client.setStreamMetadata(stream, { maxCount: 1 }))).toBeInstanceOf(
      StreamDeletedError,
    );
  });

  it.each(['live', 'soft-deleted', 'metadata-only'] as const)(
    'does not keep the metadata that a %s stream had from being written on',
    async (state) => {
      const stream = await streamIn(state);
      await store.client.setStreamMetadata(stream, { owner: 'lab' });
      await store.client.tombstoneStream(stream);
      const written = await store.client.setStreamMetadata(stream, { maxCount: 1 });
      expect(written.success).toBe(true);
      expect(await failureOf(appendTo(store, stream, thing(), ANY))).toBeInstanceOf(
        StreamDeletedError,
      );
      expect(await failureOf(idsIn(store, stream))).toBeInstanceOf(StreamDeletedError);
    },
  );
});

describe('an append of nothing', () => {
  it('writes nothing and says where the stream is', async () => {
    const stream = await streamIn('live');
    const { nextExpectedRevision } = await appendTo(store, stream, [], 2n);
    expect(nextExpectedRevision).toBe(2n);
    expect(await idsIn(store, stream)).toHaveLength(3);
  });

  it('is refused at an old revision', async () => {
    const stream = await streamIn('live');
    expect(await failureOf(appendTo(store, stream, [], 1n))).toBeInstanceOf(
      WrongExpectedVersionError,
    );
  });
});
