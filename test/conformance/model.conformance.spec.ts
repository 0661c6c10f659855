import {
  ANY,
  type AppendExpectedRevision,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Store } from './store.js';
import { describeNodeOnly, ownStore, sharedStore } from './suite.js';
import { appendTo, collect, newStream, thing, things } from './support.js';

type Outcome = bigint | 'wrong version' | 'deleted' | 'done';

/** A stream as the protocol describes it, in the plainest words. */
class Model {
  revision = -1n;
  state: 'live' | 'soft-deleted' | 'tombstoned' = 'live';
  hasMetadata = false;
  truncateBefore = 0n;
  maxCount: bigint | undefined;

  append(expected: AppendExpectedRevision, count: bigint): Outcome {
    if (this.state === 'tombstoned') return 'deleted';
    const refusal = this.refusalOf(expected);
    if (refusal !== undefined) return refusal;
    if (this.state === 'soft-deleted') this.revive();
    return (this.revision += count);
  }

  delete(): Outcome {
    if (this.state === 'tombstoned') return 'deleted';
    if (this.revision < 0n && !this.hasMetadata) return 'wrong version';
    Object.assign(this, { state: 'soft-deleted', hasMetadata: true, maxCount: undefined });
    return 'done';
  }

  tombstone(): Outcome {
    if (this.state === 'tombstoned') return 'deleted';
    this.state = 'tombstoned';
    return 'done';
  }

  describe(maxCount: bigint | undefined, truncateBefore: bigint | undefined): Outcome {
    if (this.state === 'tombstoned') return this.hasMetadata ? 'done' : 'deleted';
    Object.assign(this, { maxCount, truncateBefore: truncateBefore ?? 0n, hasMetadata: true });
    if (this.state === 'soft-deleted') this.revive();
    return 'done';
  }

  read(): bigint[] | 'deleted' | 'not found' {
    if (this.state === 'tombstoned') return 'deleted';
    if (this.state === 'soft-deleted' || this.revision < 0n) return 'not found';
    const all = Array.from({ length: Number(this.revision) + 1 }, (_, n) => BigInt(n));
    const kept = this.maxCount === undefined ? all : all.slice(-Number(this.maxCount));
    return kept.filter((revision) => revision >= this.truncateBefore);
  }

  private revive(): void {
    Object.assign(this, { state: 'live', hasMetadata: true, truncateBefore: this.revision + 1n });
  }

  private refusalOf(expected: AppendExpectedRevision): Outcome | undefined {
    const isDeleted = this.state === 'soft-deleted';
    switch (expected) {
      case ANY:
        return undefined;
      case NO_STREAM:
        return this.revision < 0n || isDeleted ? undefined : 'wrong version';
      case STREAM_EXISTS:
        if (isDeleted) return 'deleted';
        return this.revision < 0n && !this.hasMetadata ? 'wrong version' : undefined;
      default:
        return expected === this.revision ? undefined : 'wrong version';
    }
  }
}

type Step =
  | { readonly do: 'append'; readonly expected: string; readonly count: number }
  | { readonly do: 'describe'; readonly maxCount?: number; readonly truncateBefore?: number }
  | { readonly do: 'delete' | 'tombstone' | 'restart' };

const append: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('append' as const),
  expected: fc.constantFrom('any', 'no_stream', 'stream_exists', 'last', 'before', 'after'),
  count: fc.integer({ min: 1, max: 4 }),
});
const describeStep: fc.Arbitrary<Step> = fc.record(
  {
    do: fc.constant('describe' as const),
    maxCount: fc.integer({ min: 1, max: 5 }),
    truncateBefore: fc.integer({ min: 0, max: 8 }),
  },
  { requiredKeys: ['do'] },
);
const single = (name: 'delete' | 'tombstone' | 'restart'): fc.Arbitrary<Step> =>
  fc.constant({ do: name });

const expectedOf = (name: string, revision: bigint): AppendExpectedRevision => {
  switch (name) {
    case 'last':
      return revision < 0n ? NO_STREAM : revision;
    case 'before':
      return revision < 1n ? NO_STREAM : revision - 1n;
    case 'after':
      return revision + 1n;
    default:
      return name as typeof ANY | typeof NO_STREAM | typeof STREAM_EXISTS;
  }
};

const outcomeOf = async (action: Promise<Outcome>): Promise<Outcome> => {
  try {
    return await action;
  } catch (error) {
    if (error instanceof WrongExpectedVersionError) return 'wrong version';
    if (error instanceof StreamDeletedError) return 'deleted';
    throw error;
  }
};

const readOf = async (client: Store['client'], stream: string): Promise<unknown> => {
  try {
    const read = await collect(client.readStream(stream));
    return read.map(({ event }) => event?.revision);
  } catch (error) {
    if (error instanceof StreamNotFoundError) return 'not found';
    if (error instanceof StreamDeletedError) return 'deleted';
    throw error;
  }
};

type Restart = () => Promise<Store['client']>;

const agrees = async (
  store: Store,
  steps: readonly Step[],
  restart: Restart = () => Promise.resolve(store.client),
): Promise<void> => {
  const model = new Model();
  const stream = newStream('model');
  let { client } = store;
  const take = async (step: Step): Promise<readonly [Outcome, Outcome]> => {
    switch (step.do) {
      case 'append': {
        const expectedRevision = expectedOf(step.expected, model.revision);
        const made = appendTo({ client }, stream, things(step.count), expectedRevision).then(
          ({ nextExpectedRevision }) => nextExpectedRevision,
        );
        return [await outcomeOf(made), model.append(expectedRevision, BigInt(step.count))];
      }
      case 'describe': {
        const { do: _, ...metadata } = step;
        const made = client.setStreamMetadata(stream, metadata).then(() => 'done' as const);
        const { maxCount, truncateBefore } = metadata;
        const modelled = model.describe(
          maxCount === undefined ? undefined : BigInt(maxCount),
          truncateBefore === undefined ? undefined : BigInt(truncateBefore),
        );
        return [await outcomeOf(made), modelled];
      }
      case 'delete':
        return [await outcomeOf(client.deleteStream(stream).then(() => 'done')), model.delete()];
      case 'tombstone': {
        const made = client.tombstoneStream(stream).then(() => 'done' as const);
        return [await outcomeOf(made), model.tombstone()];
      }
      case 'restart':
        client = await restart();
        return ['done', 'done'];
    }
  };
  for (const step of steps) {
    const [actual, modelled] = await take(step);
    expect({ step, outcome: actual }).toEqual({ step, outcome: modelled });
    const expected = model.read();
    let read = await readOf(client, stream);
    // Right after the append that revives a stream, a server may find it missing once more.
    if (read === 'not found' && Array.isArray(expected)) read = await readOf(client, stream);
    expect({ step, read }).toEqual({ step, read: expected });
  }
};

describe('a stream does what the protocol says, whatever is done to it', () => {
  const store = sharedStore();

  it('in any order of appends, deletions and metadata', async () => {
    const step = fc.oneof(
      { arbitrary: append, weight: 6 },
      { arbitrary: describeStep, weight: 2 },
      { arbitrary: single('delete'), weight: 2 },
      { arbitrary: single('tombstone'), weight: 1 },
    );
    const steps = fc.array(step, { minLength: 4, maxLength: 25 });
    const property = fc.asyncProperty(steps, (taken) => agrees(store, taken));
    await fc.assert(property, { numRuns: 40 });
  });
});

describeNodeOnly('a stream of a node that is killed in between', () => {
  const store = ownStore();
  const restart = async (): Promise<Store['client']> => {
    await store.node.kill();
    await store.node.restart();
    const client = store.connect();
    await appendTo({ client }, newStream(), thing(), ANY);
    return client;
  };

  it('does the same', async () => {
    const step = fc.oneof(
      { arbitrary: append, weight: 5 },
      { arbitrary: describeStep, weight: 2 },
      { arbitrary: single('delete'), weight: 2 },
      { arbitrary: single('restart'), weight: 2 },
    );
    const steps = fc.array(step, { minLength: 6, maxLength: 10 });
    const property = fc.asyncProperty(steps, (taken) => agrees(store, taken, restart));
    await fc.assert(property, { numRuns: 3 });
  });
});
