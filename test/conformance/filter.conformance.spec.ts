import {
  ANY,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  jsonEvent,
  type Position,
  streamNameFilter,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { follow, isTooSlow } from './follow.js';
import { read, readOptions, withRaw } from './raw.js';
import { sharedStore } from './suite.js';
import {
  appendTo,
  idOf,
  marker,
  newStream,
  own,
  ownAfter,
  placeOf,
  readFrom,
  thing,
} from './support.js';

const { FilterOptions } = streams.ReadReq.Options;

const store = sharedStore();
let from: Position;
let everything: { id: string; streamId: string; type: string; position: bigint }[];

beforeAll(async () => {
  from = await marker(store);
  const categories = ['product', 'productKey', 'key', 'käfer', 'order'];
  const types = ['Registered', 'RegisteredAgain', 'Changed', 'changed', 'Gone-1'];
  for (let n = 0; n < 120; n += 1) {
    const stream = `${own}.${categories[n % 5]!}-${n % 7}`;
    const event = jsonEvent({ type: types[(n * 7 + (n >> 2)) % 5]!, data: { n } });
    await appendTo(store, stream, event, ANY);
    if (n % 20 === 0) await store.client.setStreamMetadata(stream, { owner: own });
  }
  everything = (await ownAfter(store, from)).map((resolved) => ({
    id: resolved.event!.id,
    streamId: resolved.event!.streamId,
    type: resolved.event!.type,
    position: placeOf(resolved),
  }));
});

/** Which of the events above come to a filtered subscriber, and in which order. */
const filtered = async (filter: Filter, fromPosition = from): Promise<string[]> => {
  const followed = follow(store.connect(), { fromPosition, filter });
  await until('it caught up', () => followed.caughtUp > 0 || followed.error !== undefined);
  if (followed.error) throw followed.error;
  await followed.stop();
  const { position: last } = everything.at(-1)!;
  return followed.events.filter((event) => placeOf(event) <= last).map(idOf);
};

const idsWhere = (matches: (event: (typeof everything)[number]) => boolean): string[] =>
  everything.filter(matches).map(({ id }) => id);

describe('a filtered subscription delivers what filtering everything would', () => {
  it('by prefixes of the stream', async () => {
    const prefixes = [`${own}.product`, `${own}.kä`];
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
    '^OWN\\.product-',
    'Key',
    'OWN.*[13]$',
    'product(Key)?-\\w*[0-3]$',
    '^OWN.{4}-',
    'ä',
    '^\\w+\\.(key|order)-',
  ])('by the pattern %s on the stream', async (form) => {
    const regex = form.replace('OWN', own);
    const pattern = new RegExp(regex, 'u');
    expect(await filtered(streamNameFilter({ regex }))).toEqual(
      idsWhere(({ streamId }) => pattern.test(streamId)),
    );
  });

  it('by any combination of prefixes, window and checkpoint interval', async () => {
    const fragment = fc.constantFrom('p', 'product', 'productKey-', 'key', 'k', 'o', 'none');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fragment, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 4 }),
        async (fragments, maxSearchWindow, checkpointInterval) => {
          const prefixes = fragments.map((begin) => `${own}.${begin}`);
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
  interface Checkpoint {
    readonly position: Position;
    /** How many events had come before. */
    readonly delivered: number;
  }

  const MOST_TRIES = 20;

  interface CaughtUp {
    readonly checkpoints: Checkpoint[];
    readonly events: string[];
  }

  /** Catches up with streams that begin like `category`. */
  const checkpointsOf = async (
    ...sought: readonly [category: string, maxSearchWindow: number, checkpointInterval: number]
  ): Promise<CaughtUp> => {
    // Who is dropped once live loses what the client still held back, that it caught up as well.
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      const caughtUp = await caughtUpWith(...sought);
      if (caughtUp !== undefined) return caughtUp;
    }
    throw new Error(`dropped ${MOST_TRIES} times before it was seen to catch up`);
  };

  /** As `checkpointsOf`; undefined when it is dropped as too slow before all of `everything` was seen. */
  const caughtUpWith = async (
    category: string,
    maxSearchWindow: number,
    checkpointInterval: number,
  ): Promise<CaughtUp | undefined> => {
    const events: string[] = [];
    const checkpoints: Checkpoint[] = [];
    let caughtUp: Checkpoint[] | undefined;
    const checkpointReached = async (_: unknown, position: Position): Promise<void> => {
      // The client hands events on in a later turn than checkpoints.
      await new Promise((resolve) => setImmediate(resolve));
      checkpoints.push({ position, delivered: events.length });
      // What others wrote behind it does not matter, and may be much.
      if (position.commit >= everything.at(-1)!.position) caughtUp ??= [...checkpoints];
    };
    const filter = streamNameFilter({
      prefixes: [`${own}.${category}`],
      maxSearchWindow,
      checkpointInterval,
      checkpointReached,
    });
    const subscription = store.connect().subscribeToAll({ fromPosition: from, filter });
    subscription.on('data', (resolved) => events.push(idOf(resolved)));
    subscription.on('caughtUp', () => (caughtUp ??= [...checkpoints]));
    let failure: Error | undefined;
    subscription.on('error', (error) => (failure = error));
    await until('it caught up', () => caughtUp !== undefined || failure !== undefined);
    if (caughtUp === undefined && !isTooSlow(failure)) throw failure!;
    await subscription.unsubscribe();
    const seen = caughtUp ?? [...checkpoints];
    const covers = (seen.at(-1)?.position.commit ?? 0n) >= everything.at(-1)!.position;
    return caughtUp !== undefined || covers ? { checkpoints: seen, events } : undefined;
  };
  const products = (isIn: (position: bigint) => boolean): string[] =>
    idsWhere(({ streamId, position }) => streamId.startsWith(`${own}.product`) && isIn(position));

  it('comes as often as asked for, counted in events looked at', async () => {
    const { checkpoints } = await checkpointsOf('none', 5, 2);
    const last = checkpoints.at(-1)!.position.commit;
    const considered = (await readFrom(store, from)).filter(
      (event) => placeOf(event) > from.commit && placeOf(event) <= last,
    );
    expect(considered.length).toBeGreaterThan(everything.length - 10);
    expect(Math.abs(checkpoints.length - considered.length / 10)).toBeLessThanOrEqual(1);
  });

  it('does not come at the end of the catching up for what is less than an interval', async () => {
    const { checkpoints } = await checkpointsOf('none', 1000, 1000);
    expect(checkpoints).toEqual([]);
  });

  it('is a place to resume from without a loss', async () => {
    const { checkpoints, events } = await checkpointsOf('product', 7, 1);
    expect(checkpoints.length).toBeGreaterThan(5);
    const prefixes = [`${own}.product`];
    const { position: last } = everything.at(-1)!;
    const among = checkpoints.filter(({ position }) => position.commit < last);
    const step = Math.ceil(among.length / 15);
    for (const { position } of among.filter((_, n) => n % step === 0)) {
      expect(await filtered(streamNameFilter({ prefixes }), position)).toEqual(
        products((place) => place > position.commit),
      );
    }
    expect(events.length).toBeGreaterThan(0);
  });

  it('comes after every event that it covers', async () => {
    const { checkpoints, events } = await checkpointsOf('product', 3, 1);
    expect(checkpoints.length).toBeGreaterThan(5);
    for (const { position, delivered } of checkpoints) {
      expect(events.slice(0, delivered)).toEqual(products((place) => place <= position.commit));
    }
  });

  it('never lies ahead of what was looked at: what is written after it is delivered', async () => {
    const positions: Position[] = [];
    const filter = streamNameFilter({
      prefixes: [`${own}.rare`],
      maxSearchWindow: 1,
      checkpointInterval: 1,
      checkpointReached: (_, position) => {
        positions.push(position);
      },
    });
    const followed = follow(store.connect(), { fromPosition: from, filter });
    await until('it caught up', () => followed.caughtUp > 0);
    const { commit: noise } = await marker(store);
    await until('the noise was looked at', () => (positions.at(-1)?.commit ?? 0n) >= noise);
    await followed.stop();
    const event = thing();
    await appendTo(store, newStream('rare'), event, ANY);
    const resumed = follow(store.connect(), { fromPosition: positions.at(-1)!, filter });
    await until('the rare one came', () => resumed.events.length > 0);
    expect(resumed.events.map(idOf)).toEqual([event.id]);
    await resumed.stop();
  });
});

describe('a filtered read', () => {
  it('gives as many matching events as were asked for, from anywhere in the log', async () => {
    const expression = new FilterOptions.Expression().setPrefixList([`${own}.order`]);
    const place = new streams.ReadReq.Options.Position()
      .setCommitPosition(from.commit.toString())
      .setPreparePosition(from.prepare.toString());
    const options = readOptions()
      .setAll(new streams.ReadReq.Options.AllOptions().setPosition(place))
      .setCount('10')
      .setFilter(
        new FilterOptions()
          .setStreamIdentifier(expression)
          .setCount(new shared.Empty())
          .setCheckpointintervalmultiplier(1),
      );
    const answers = await withRaw(store, (raw) => read(raw, options));
    const ids = answers
      .map((answer) => answer.getEvent()?.getEvent()?.getId()?.getString())
      .filter((id) => id !== undefined);
    expect(ids).toEqual(
      idsWhere(({ streamId }) => streamId.startsWith(`${own}.order`)).slice(0, 10),
    );
  });
});
