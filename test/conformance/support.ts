import { randomInt, randomUUID } from 'node:crypto';

import {
  type AllStreamResolvedEvent,
  type AppendExpectedRevision,
  DeadlineExceededError,
  type EventStoreDBClient,
  jsonEvent,
  type JSONEventData,
  NO_STREAM,
  type Position,
  StreamNotFoundError,
} from '@eventstore/db-client';

import { userOf } from './address.js';
import type { Store } from './store.js';
import { external } from './target.js';

/** How the streams of one file begin, so that it finds its own among those of everybody else. */
export const own = `c${String(randomInt(10 ** 8)).padStart(8, '0')}`;

export const newStream = (category = 'thing'): string => `${own}.${category}-${randomUUID()}`;

/** Whether an event, or the link to it, stands in a stream of this file or in the metadata of one. */
export const isOwn = ({ event, link }: Pick<AllStreamResolvedEvent, 'event' | 'link'>): boolean =>
  [event, link].some((recorded) => recorded?.streamId.replace(/^\$\$/, '').startsWith(own));

export const thing = (n = 0, id: string = randomUUID()): JSONEventData =>
  jsonEvent({ id, type: 'ThingHappened', data: { n } });

export const things = (count: number): JSONEventData[] =>
  Array.from({ length: count }, (_, n) => thing(n));

const named = external === undefined ? undefined : userOf(external);

/**
 * Credentials are never sent without TLS, but to the client they mean: one call per append instead
 * of many over one. They are the named store's.
 */
export const classic = { credentials: named ?? { username: 'admin', password: 'changeit' } };

const MOST_TRIES = 10;

/** An append that waited for too long is repeated: what it says is the same, written or not. */
export const appendTo = async (
  { client }: Pick<Store, 'client'>,
  stream: string,
  events: Parameters<EventStoreDBClient['appendToStream']>[1],
  expectedRevision: AppendExpectedRevision,
  options: Parameters<EventStoreDBClient['appendToStream']>[2] = {},
) => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.appendToStream(stream, events, { ...options, expectedRevision });
    } catch (error) {
      if (!(error instanceof DeadlineExceededError) || tries === MOST_TRIES) throw error;
    }
  }
};

/** The position of an event of one's own: what a test writes from then on lies behind it. */
export const marker = async (store: Pick<Store, 'client'>): Promise<Position> =>
  (await appendTo(store, newStream('marker'), thing(), NO_STREAM)).position!;

export const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
};

/** Everything from a position on, the event at it included: of everybody. */
export const readFrom = (
  { client }: Pick<Store, 'client'>,
  fromPosition: Position,
  options: Parameters<EventStoreDBClient['readAll']>[0] = {},
): Promise<AllStreamResolvedEvent[]> => collect(client.readAll({ ...options, fromPosition }));

/** Where an event, or the link to it, lies in the log. */
export const placeOf = ({ event, link }: Pick<AllStreamResolvedEvent, 'event' | 'link'>): bigint =>
  (link ?? event)?.position.commit ?? -1n;

/** What this file wrote behind a position, in the order of the log. */
export const ownAfter = async (
  store: Pick<Store, 'client'>,
  position: Position,
  options: Parameters<typeof readFrom>[2] = {},
): Promise<AllStreamResolvedEvent[]> =>
  (await readFrom(store, position, options)).filter(
    (resolved) => isOwn(resolved) && placeOf(resolved) > position.commit,
  );

export const idOf = ({ event }: { readonly event?: { readonly id: string } }): string =>
  event?.id ?? '';

export const idsIn = async ({ client }: Pick<Store, 'client'>, stream: string): Promise<string[]> =>
  (await collect(client.readStream(stream))).map(({ event }) => event?.id ?? '');

/** What `read` gives. Right after the append that revives a stream, a server may find it missing once more. */
export const revived = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
    return read();
  }
};

/** What a promise rejects with; fails the test when it does not. */
export const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
};

export const commitOf = ({
  event,
}: {
  readonly event?: { readonly position?: { readonly commit: bigint } | undefined } | undefined;
}): bigint => event?.position?.commit ?? -1n;

/** As the log orders them. */
export const byPosition = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** A position that is not given away as a pair. */
export const at = (position: bigint): Position => ({ commit: position, prepare: position });
