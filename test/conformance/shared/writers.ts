import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { type AllStreamSubscription, ANY, END, jsonEvent, NO_STREAM } from '@eventstore/db-client';

import type { Store } from '../store.js';

const categories = ['product', 'key', 'order', 'thing', 'käfer'];
const types = ['Registered', 'Changed', 'ThingHappened', 'Gone-1'];

const streamOf = (n: number): string => `${categories[n % categories.length]!}-${randomUUID()}`;
const eventsOf = (count: number, from: number) =>
  Array.from({ length: count }, (_, n) =>
    jsonEvent({ type: types[(from + n) % types.length]!, data: { n } }),
  );

export interface Writers {
  /** Ends them; how many events they wrote. */
  stop(): Promise<{ readonly events: number }>;
}

/**
 * Other users of a store, who know nothing of a test: appends to streams of their own, bursts of events,
 * metadata, deletions for a while and for good, and one who reads all of it.
 */
export const startWriters = ({ connect }: Pick<Store, 'connect'>): Writers => {
  const client = connect();
  const state = { isStopping: false, events: 0 };
  const append = async (stream: string, count: number): Promise<void> => {
    await client.appendToStream(stream, eventsOf(count, state.events), { expectedRevision: ANY });
    state.events += count;
  };
  const repeat = async (
    pauseMs: number,
    work: (turn: number) => Promise<unknown>,
  ): Promise<void> => {
    for (let turn = 0; !state.isStopping; turn += 1) {
      // A call whose time is up, as on any busy server, is left.
      await work(turn).catch(() => undefined);
      await sleep(pauseMs);
    }
  };
  const shared = streamOf(0);
  const running = [
    repeat(20, (turn) => append(turn % 3 === 0 ? shared : streamOf(turn), 1 + (turn % 5))),
    repeat(400, (turn) => append(streamOf(turn), 80)),
    repeat(100, async (turn) => {
      const stream = streamOf(turn);
      await append(stream, 3);
      await client.setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: NO_STREAM });
      if (turn % 3 === 0) await client.tombstoneStream(stream);
      else await client.deleteStream(stream);
      if (turn % 3 === 1) await append(stream, 2);
    }),
  ];
  const readers = connect();
  // Dropped at the first burst, as anybody is: then it reads on from the end.
  const readAll = (): AllStreamSubscription => {
    const opened = readers.subscribeToAll({ fromPosition: END });
    opened
      .on('error', () => {
        setTimeout(() => {
          if (!state.isStopping) reader = readAll();
        }, 100);
      })
      .resume();
    return opened;
  };
  let reader = readAll();
  return {
    stop: async () => {
      state.isStopping = true;
      await Promise.all(running);
      await reader.unsubscribe();
      return { events: state.events };
    },
  };
};
