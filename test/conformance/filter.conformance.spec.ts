import { randomUUID } from 'node:crypto';

import {
  ANY,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  jsonEvent,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { until } from '#testing/until.js';

import { allFromStart, rawClient, read, readOptions } from './raw.js';
import {
  appendTo,
  collect,
  commitOf,
  failureOf,
  follow,
  newStream,
  sharedStore,
  thing,
} from './support.js';

const { FilterOptions } = streams.ReadReq.Options;

const store = sharedStore();
let run: string;
let everything: { id: string; streamId: string; type: string; position: bigint }[];

beforeAll(async () => {
  run = randomUUID().slice(0, 8);
  const categories = ['product', 'productKey', 'key', 'käfer', 'order'];
  const types = ['Registered', 'RegisteredAgain', 'Changed', 'changed', 'Gone-1'];
  for (let n = 0; n < 120; n += 1) {
    const stream = `${categories[n % 5]!}-${run}${n % 7}`;
    const event = jsonEvent({ type: types[(n * 7 + (n >> 2)) % 5]!, data: { n } });
    await store.client.appendToStream(stream, event, { expectedRevision: ANY });
    if (n % 20 === 0) await store.client.setStreamMetadata(stream, { owner: run });
  }
  const all = await collect(store.client.readAll({ fromPosition: START }));
  everything = all.map((resolved) => ({
    id: resolved.event!.id,
    streamId: resolved.event!.streamId,
    type: resolved.event!.type,
    position: commitOf(resolved),
  }));
});

const filtered = async (filter: Filter): Promise<(string | undefined)[]> => {
  const followed = follow(store.connect(), { filter });
  await until('it caught up', () => followed.caughtUp > 0 || followed.error !== undefined);
  if (followed.error) throw followed.error;
  await followed.subscription.unsubscribe();
  return followed.events.map(({ event }) => event?.id);
};

const idsWhere = (matches: (event: (typeof everything)[number]) => boolean): string[] =>
  everything.filter(matches).map(({ id }) => id);

describe('a filtered subscription delivers what filtering everything would', () => {
  it('by prefixes of the stream', async () => {
    const prefixes = ['product', 'kä'];
    expect(await filtered(streamNameFilter({ prefixes }))).toEqual(
      idsWhere(({ streamId }) => prefixes.some((prefix) => streamId.startsWith(prefix))),
    );
  });

  it('by prefixes of the type', async () => {
    expect(await filtered(eventTypeFilter({ prefixes: ['Registered'] }))).toEqual(
      idsWhere(({ type }) => type.startsWith('Registered')),
    );
  });

  it('without system events', async () => {
    expect(everything.some(({ type }) => type.startsWith('$'))).toBe(true);
    expect(await filtered(excludeSystemEvents())).toEqual(
      idsWhere(({ type }) => !type.startsWith('$')),
    );
  });

  it.each([
    '^product-',
    'Key',
    '[13]$',
    'product(Key)?-\\w+[0-3]$',
    '^.{3}-',
    'ä',
    '^(key|order)-',
  ])('by the pattern %s on the stream', async (regex) => {
    const pattern = new RegExp(regex, 'u');
    expect(await filtered(streamNameFilter({ regex }))).toEqual(
      idsWhere(({ streamId }) => pattern.test(streamId)),
    );
  });

  it('by any combination of prefixes, window and checkpoint interval', async () => {
    const fragment = fc.constantFrom('p', 'product', 'productKey-', 'key', 'k', 'o', '$', 'none');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fragment, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 4 }),
        async (prefixes, maxSearchWindow, checkpointInterval) => {
          const filter = streamNameFilter({ prefixes, maxSearchWindow, checkpointInterval });
          expect(await filtered(filter)).toEqual(
            idsWhere(({ streamId }) => prefixes.some((prefix) => streamId.startsWith(prefix))),
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('a checkpoint', () => {
  const checkpointsOf = async (
    prefixes: string[],
    maxSearchWindow: number,
    checkpointInterval: number,
  ): Promise<{ positions: Position[]; events: (string | undefined)[] }> => {
    const positions: Position[] = [];
    const checkpointReached = (_: unknown, position: Position): void => {
      positions.push(position);
    };
    const filter = streamNameFilter({
      prefixes,
      maxSearchWindow,
      checkpointInterval,
      checkpointReached,
    });
    const followed = follow(store.connect(), { filter });
    await until('it caught up', () => followed.caughtUp > 0);
    await followed.subscription.unsubscribe();
    return { positions, events: followed.events.map(({ event }) => event?.id) };
  };

  it('comes as often as asked for, counted in events looked at', async () => {
    const { positions } = await checkpointsOf(['none'], 5, 2);
    expect(positions).toHaveLength(Math.floor(everything.length / 10));
  });

  it('does not come at the end of the catching up for what is less than an interval', async () => {
    const { positions } = await checkpointsOf(['none'], 1000, 100);
    expect(positions).toEqual([]);
  });

  it('is a place to resume from without a loss, each of them', async () => {
    const { positions, events } = await checkpointsOf(['product'], 7, 1);
    expect(positions.length).toBeGreaterThan(5);
    for (const position of positions) {
      const followed = follow(store.connect(), {
        fromPosition: position,
        filter: streamNameFilter({ prefixes: ['product'] }),
      });
      await until('it caught up', () => followed.caughtUp > 0);
      await followed.subscription.unsubscribe();
      const matching = idsWhere(
        ({ streamId, position: at }) => streamId.startsWith('product') && at > position.commit,
      );
      expect(followed.events.map(({ event }) => event?.id)).toEqual(matching);
    }
    expect(events.length).toBeGreaterThan(0);
  });

  it('comes after every event that it covers', async () => {
    const delivered: string[] = [];
    const seen: { position: Position; delivered: number }[] = [];
    const filter = streamNameFilter({
      prefixes: ['product'],
      maxSearchWindow: 3,
      checkpointInterval: 1,
      checkpointReached: async (_: unknown, position: Position) => {
        // The client hands events on in a later turn than checkpoints.
        await new Promise((resolve) => setImmediate(resolve));
        seen.push({ position, delivered: delivered.length });
      },
    });
    const subscription = store.connect().subscribeToAll({ filter });
    const caughtUp = new Promise((resolve) => subscription.once('caughtUp', resolve));
    subscription.on('data', ({ event }) => delivered.push(event?.id ?? ''));
    await caughtUp;
    await subscription.unsubscribe();
    expect(seen.length).toBeGreaterThan(5);
    for (const { position, delivered: count } of seen) {
      const covered = idsWhere(
        ({ streamId, position: at }) => streamId.startsWith('product') && at <= position.commit,
      );
      expect(delivered.slice(0, count)).toEqual(covered);
    }
  });

  it('never lies ahead of what was looked at: what is written after it is delivered', async () => {
    const positions: Position[] = [];
    const filter = streamNameFilter({
      prefixes: [`rare-${run}`],
      maxSearchWindow: 1,
      checkpointInterval: 1,
      checkpointReached: (_, position) => {
        positions.push(position);
      },
    });
    const followed = follow(store.connect(), { filter });
    await until('it caught up', () => followed.caughtUp > 0);
    await appendTo(store, newStream('noise'), thing(), ANY);
    await until('the noise was looked at', async () => {
      const [last] = await collect(
        store.client.readAll({ fromPosition: 'end', direction: 'backwards', maxCount: 1 }),
      );
      return positions.at(-1)?.commit === commitOf(last!);
    });
    await followed.subscription.unsubscribe();
    const event = thing();
    await appendTo(store, newStream(`rare-${run}`), event, ANY);
    const resumed = follow(store.connect(), { fromPosition: positions.at(-1)!, filter });
    await until('the rare one came', () => resumed.events.length > 0);
    expect(resumed.events.map((resolved) => resolved.event?.id)).toEqual([event.id]);
    await resumed.subscription.unsubscribe();
  });
});

describe('a pattern that is refused', () => {
  it.each(['(', 'a(?=b)', 'a(?!b)', '(?<=a)b'])('%s: INVALID_ARGUMENT', async (regex) => {
    const error = await failureOf(filtered(streamNameFilter({ regex })));
    expect(error.message).toMatch(/INVALID_ARGUMENT/);
  });
});

describe('a pattern made to backtrack for ever', () => {
  it('holds up nobody', async () => {
    const stream = `${'a'.repeat(900)}-${run}`;
    await appendTo(store, stream, thing(), ANY);
    const evil = follow(store.connect(), { filter: streamNameFilter({ regex: '^(a+)+$' }) });
    // Tried one by one, the ways to divide 900 letters take longer than anybody waits.
    await appendTo(store, newStream(), thing(), ANY);
    await until('it caught up', () => evil.caughtUp > 0);
    await evil.subscription.unsubscribe();
  });
});

describe('a filtered read', () => {
  it('gives as many matching events as were asked for, from anywhere in the log', async () => {
    const raw = rawClient(store);
    const expression = new FilterOptions.Expression().setPrefixList([`order-${run}`]);
    const options = readOptions()
      .setAll(allFromStart())
      .setCount('10')
      .setFilter(
        new FilterOptions()
          .setStreamIdentifier(expression)
          .setCount(new shared.Empty())
          .setCheckpointintervalmultiplier(1),
      );
    const answers = await read(raw, options);
    const ids = answers
      .map((answer) => answer.getEvent()?.getEvent()?.getId()?.getString())
      .filter((id) => id !== undefined);
    expect(ids).toEqual(
      idsWhere(({ streamId }) => streamId.startsWith(`order-${run}`)).slice(0, 10),
    );
    raw.close();
  });
});
