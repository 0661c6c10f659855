import {
  ANY,
  type AppendExpectedRevision,
  DeadlineExceededError,
  type JSONEventData,
  NO_STREAM,
  STREAM_EXISTS,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { beforeAll, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import type { Store } from './store.js';
import { describeNodeOnly, ownStore, sharedStore } from './suite.js';
import { appendTo, failureOf, idsIn, newStream, thing, things } from './support.js';

const shared = sharedStore();

interface History {
  readonly stream: string;
  readonly first: JSONEventData[];
  readonly second: JSONEventData[];
  readonly third: JSONEventData[];
}

/** Three appends of three events each. */
const history = async (store: Store): Promise<History> => {
  const stream = newStream();
  const [first, second, third] = [things(3), things(3), things(3)] as const;
  await appendTo(store, stream, first, NO_STREAM);
  await appendTo(store, stream, second, 2n);
  await appendTo(store, stream, third, 5n);
  return { stream, first, second, third };
};

const matrix = (store: Store, prepared: () => Promise<History>): void => {
  const refuses = async (
    { stream }: History,
    events: JSONEventData[],
    expected: AppendExpectedRevision,
  ): Promise<void> => {
    const error = await failureOf(appendTo(store, stream, events, expected));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ actualVersion: 8n });
    expect(await idsIn(store, stream)).toHaveLength(9);
  };

  it('answers the same append with the revision that it had, not with the last one', async () => {
    const made = await prepared();
    const { stream, first, second, third } = made;
    const original = new Map<string, bigint | undefined>();
    for await (const { event } of store.client.readStream(stream)) {
      if (event) original.set(event.id, event.position?.commit);
    }
    for (const [events, expected, revision] of [
      [first, NO_STREAM, 2n],
      [second, 2n, 5n],
      [third, 5n, 8n],
    ] as const) {
      const again = await appendTo(store, stream, events, expected);
      expect(again.nextExpectedRevision).toBe(revision);
      expect(again.position?.commit).toBe(original.get(events[2]!.id));
    }
    expect(await idsIn(store, stream)).toHaveLength(9);
  });

  it('recognises a subset from the same revision on', async () => {
    const { stream, second } = await prepared();
    const again = await appendTo(store, stream, second.slice(0, 2), 2n);
    expect(again.nextExpectedRevision).toBe(4n);
  });

  it('recognises a run of events over two appends', async () => {
    const { stream, first, second } = await prepared();
    const again = await appendTo(store, stream, [...first, ...second], NO_STREAM);
    expect(again.nextExpectedRevision).toBe(5n);
  });

  it('refuses a subset that does not start there', async () => {
    const made = await prepared();
    await refuses(made, made.second.slice(1), 2n);
  });

  it('refuses a superset', async () => {
    const made = await prepared();
    await refuses(made, [...made.third, thing()], 5n);
    await refuses(made, [...made.first, thing()], NO_STREAM);
  });

  it('refuses another order', async () => {
    const made = await prepared();
    await refuses(made, made.second.toReversed(), 2n);
  });

  it('refuses the same events at another revision', async () => {
    const made = await prepared();
    await refuses(made, made.second, 1n);
    await refuses(made, made.second, 3n);
  });

  it('takes the same events into another stream', async () => {
    const { first } = await prepared();
    const other = newStream();
    const { nextExpectedRevision } = await appendTo(store, other, first, NO_STREAM);
    expect(nextExpectedRevision).toBe(2n);
  });
};

describe('an append with a revision, repeated', () => {
  matrix(shared, () => history(shared));
});

describeNodeOnly('an append with a revision, repeated after the store was killed', () => {
  const store = ownStore();
  let made: History;
  beforeAll(async () => {
    made = await history(store);
    await store.node.kill();
    await store.node.restart();
    // The client notices the broken connection with its first call.
    await until('the client has a new connection', () =>
      appendTo(store, newStream(), thing(), ANY).then(
        () => true,
        () => false,
      ),
    );
  });

  matrix(store, () => Promise.resolve(made));
});

describe('an append without a revision, repeated at once', () => {
  it.each([ANY, STREAM_EXISTS] as const)('%s: is recognised', async (expected) => {
    const { stream, second } = await history(shared);
    const again = await appendTo(shared, stream, second, expected);
    expect(again.nextExpectedRevision).toBe(5n);
    expect(await idsIn(shared, stream)).toHaveLength(9);
  });

  it('is written when it starts with something new', async () => {
    const { stream, second } = await history(shared);
    const next = await appendTo(shared, stream, [thing(), ...second], ANY);
    expect(next.nextExpectedRevision).toBe(12n);
  });

  it('is refused when something new follows what is known', async () => {
    const { stream, second } = await history(shared);
    const mixed = appendTo(shared, stream, [...second, thing()], ANY);
    expect(await failureOf(mixed)).toBeInstanceOf(WrongExpectedVersionError);
  });
});

describe('the same append sent many times at once', () => {
  it('is written once; each repeat is recognised, or dropped until its time is up', async () => {
    const stream = newStream();
    const events = things(5);
    const answers = await Promise.allSettled(
      Array.from({ length: 40 }, () =>
        shared.client.appendToStream(stream, events, { expectedRevision: NO_STREAM }),
      ),
    );
    const confirmed = answers.filter((answer) => answer.status === 'fulfilled');
    const failures = answers.filter((answer) => answer.status === 'rejected');
    expect(new Set(confirmed.map(({ value }) => value.nextExpectedRevision))).toEqual(
      new Set([4n]),
    );
    expect(new Set(confirmed.map(({ value }) => value.position?.commit)).size).toBe(1);
    for (const { reason } of failures) expect(reason).toBeInstanceOf(DeadlineExceededError);
    expect(await idsIn(shared, stream)).toEqual(events.map((event) => event.id));
    const again = await appendTo(shared, stream, events, NO_STREAM);
    expect(again.nextExpectedRevision).toBe(4n);
  });
});
