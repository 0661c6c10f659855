import { randomUUID } from 'node:crypto';

import {
  jsonEvent,
  type JSONEventData,
  type ReadStreamOptions,
  type ResolvedEvent,
  StreamNotFoundError,
} from '@eventstore/db-client';

import { until } from '#testing/until.js';

import type { Followed } from './follow.js';
import type { Store } from './store.js';
import { collect, own } from './support.js';

type Client = Pick<Store, 'client'>;

/** A category that nobody else writes to. */
export const newCategory = (name = 'derived'): string =>
  `${own}.${name}${randomUUID().replaceAll('-', '')}`;

/** A stream of a category. */
export const streamOf = (category: string): string => `${category}-${randomUUID()}`;

export const newType = (name = 'Derived'): string => `${own}.${name}-${randomUUID()}`;

export const ofType = (type: string, n = 0): JSONEventData =>
  jsonEvent({ id: randomUUID(), type, data: { n } });

/** What a derived stream holds, nothing while it is not there. */
export const readDerived = async (
  { client }: Client,
  stream: string,
  options: ReadStreamOptions = {},
): Promise<ResolvedEvent[]> => {
  try {
    return await collect(client.readStream(stream, options));
  } catch (error) {
    if (error instanceof StreamNotFoundError) return [];
    throw error;
  }
};

/** As `readDerived`, when it holds at least so many: a server derives some time after an append. */
export const derived = async (
  store: Client,
  stream: string,
  count: number,
  options: ReadStreamOptions = {},
): Promise<ResolvedEvent[]> => {
  await until(
    `${stream} holds ${count} links`,
    async () => (await readDerived(store, stream)).length >= count,
  );
  return readDerived(store, stream, options);
};

export const idsOf = (read: readonly ResolvedEvent[]): (string | undefined)[] =>
  read.map(({ event }) => event?.id);

/** What a link says: where it leads. */
export const targetOf = ({ event, link }: ResolvedEvent): string =>
  Buffer.from((link ?? event)?.data as Uint8Array).toString();

export const revisionOf = ({ event, link }: ResolvedEvent): bigint =>
  (link ?? event)?.revision ?? -1n;

/** All from the first to the last. */
export const revisions = (first: number, last: number): bigint[] =>
  Array.from({ length: last - first + 1 }, (_, n) => BigInt(first + n));

/** Waits until so many links came. */
export const holds = (following: Followed<ResolvedEvent>, count: number): Promise<void> =>
  until(
    () => `${following.events.length} of ${count} links came (${String(following.error)})`,
    () => following.events.length >= count,
  );
