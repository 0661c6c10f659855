import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decideAppend, type Decision, type KnownIds, type StreamView } from './append-rules.js';
import type { Expected } from './event.js';

const live = (revision: bigint): StreamView => ({
  revision,
  deletion: 'none',
  hasMetadata: false,
});
const softDeleted = (revision: bigint): StreamView => ({
  revision,
  deletion: 'soft',
  hasMetadata: true,
});
const tombstoned: StreamView = { revision: 3n, deletion: 'tombstone', hasMetadata: true };
const metadataOnly: StreamView = { revision: -1n, deletion: 'none', hasMetadata: true };

/** A stream whose ids are all known, the last `recent` of them by id, too. */
const knowing = (stored: readonly string[], recent = stored.length): KnownIds => ({
  at: (revision) => stored[Number(revision)],
  recent: (id) => {
    const index = stored.lastIndexOf(id);
    return index < stored.length - recent ? undefined : BigInt(index);
  },
});
const nothing: KnownIds = { at: () => undefined, recent: () => undefined };

const kindOf = (
  stream: StreamView,
  expected: Expected,
  ids: readonly string[] = ['new'],
  known = nothing,
): Decision['kind'] => decideAppend(stream, expected, ids, known).kind;

describe('the rules of appending', () => {
  describe('to a stream that was never written', () => {
    const missing = live(-1n);

    it('accepts any and no_stream', () => {
      expect(kindOf(missing, 'any')).toBe('append');
      expect(kindOf(missing, 'no_stream')).toBe('append');
    });

    it('refuses every other expectation', () => {
      expect(kindOf(missing, 'stream_exists')).toBe('wrong-version');
      expect(kindOf(missing, 0n)).toBe('wrong-version');
      expect(kindOf(missing, 7n)).toBe('wrong-version');
    });

    it('lets metadata alone make the stream exist, but not hold an event', () => {
      expect(kindOf(metadataOnly, 'stream_exists')).toBe('append');
      expect(kindOf(metadataOnly, 'no_stream')).toBe('append');
      expect(kindOf(metadataOnly, 0n)).toBe('wrong-version');
    });
  });

  describe('to a stream with events', () => {
    const ids = ['a', 'b', 'c'];
    const stream = live(2n);

    it('accepts its last revision, any and stream_exists', () => {
      for (const expected of [2n, 'any', 'stream_exists'] as const) {
        expect(kindOf(stream, expected, ['new'], knowing(ids))).toBe('append');
      }
    });

    it('refuses a revision that lies ahead or holds other events', () => {
      expect(kindOf(stream, 3n, ['new'], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 1n, ['new'], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 'no_stream', ['new'], knowing(ids))).toBe('wrong-version');
    });

    it('recognises a repeated append by the ids beyond the expected revision', () => {
      const known = knowing(ids, 0);
      expect(decideAppend(stream, 'no_stream', ['a', 'b'], known)).toEqual({
        kind: 'repeated',
        last: 1n,
      });
      expect(decideAppend(stream, 1n, ['c'], known)).toEqual({ kind: 'repeated', last: 2n });
    });

    it('refuses a subset that starts elsewhere, a superset, and another order', () => {
      const known = knowing(ids);
      expect(kindOf(stream, 'no_stream', ['b'], known)).toBe('wrong-version');
      expect(kindOf(stream, 1n, ['c', 'd'], known)).toBe('wrong-version');
      expect(kindOf(stream, 'no_stream', ['b', 'a'], known)).toBe('wrong-version');
      expect(kindOf(stream, 'no_stream', ['a', 'c'], known)).toBe('wrong-version');
    });

    it('refuses an append of nothing at an old revision and takes it at the last one', () => {
      expect(kindOf(stream, 1n, [], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 2n, [], knowing(ids))).toBe('append');
      expect(kindOf(stream, 'any', [], knowing(ids))).toBe('append');
    });

    it('asks for ids that are not in memory', () => {
      expect(decideAppend(stream, 0n, ['b', 'c'], nothing)).toEqual({
        kind: 'ids-needed',
        first: 1n,
        count: 2,
      });
    });

    it('recognises a repeated append without a revision as far as it remembers', () => {
      expect(decideAppend(stream, 'any', ['a', 'b'], knowing(ids))).toEqual({
        kind: 'repeated',
        last: 1n,
      });
      expect(kindOf(stream, 'any', ['a', 'b'], knowing(ids, 0))).toBe('append');
      expect(kindOf(stream, 'stream_exists', ['c', 'new'], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 'any', ['new', 'c'], knowing(ids))).toBe('append');
    });
  });

  describe('to a deleted stream', () => {
    const ids = ['a', 'b'];

    it('writes on with any, no_stream and the last revision', () => {
      const stream = softDeleted(1n);
      for (const expected of ['any', 'no_stream', 1n] as const) {
        expect(kindOf(stream, expected, ['new'], knowing(ids))).toBe('append');
      }
    });

    it('does not exist for stream_exists', () => {
      expect(kindOf(softDeleted(1n), 'stream_exists', ['new'], knowing(ids))).toBe('deleted');
    });

    it('refuses other revisions and recognises what it holds', () => {
      const stream = softDeleted(1n);
      expect(kindOf(stream, 0n, ['new'], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 2n, ['new'], knowing(ids))).toBe('wrong-version');
      expect(kindOf(stream, 'no_stream', ['a', 'b'], knowing(ids))).toBe('repeated');
    });

    it('refuses everything once it was deleted for good', () => {
      for (const expected of ['any', 'no_stream', 'stream_exists', 0n, 3n, 9n] as const) {
        expect(kindOf(tombstoned, expected)).toBe('deleted');
      }
    });
  });
});

describe('for every history of appends', () => {
  const batches = fc.array(fc.array(fc.uuid(), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 8,
  });

  it('each append repeated with its own revision gets its own first answer', () => {
    fc.assert(
      fc.property(batches, (history) => {
        const stored: string[] = [];
        const made = history.map((ids) => {
          const expected = BigInt(stored.length) - 1n;
          expect(decideAppend(live(expected), expected, ids, knowing(stored)).kind).toBe('append');
          stored.push(...ids);
          return { ids, expected, last: BigInt(stored.length) - 1n };
        });
        const end = live(BigInt(stored.length) - 1n);
        for (const { ids, expected, last } of made) {
          const again = decideAppend(end, expected, ids, knowing(stored, 0));
          expect(again).toEqual({ kind: 'repeated', last });
        }
      }),
    );
  });

  it('what is in memory changes when an answer is possible, never the answer', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 6 }),
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 4 }),
        fc.integer({ min: -1, max: 7 }),
        fc.integer({ min: 0, max: 6 }),
        (stored, ids, expected, inMemory) => {
          const stream = live(BigInt(stored.length) - 1n);
          const complete = decideAppend(stream, BigInt(expected), ids, knowing(stored));
          let from = inMemory;
          const partial: KnownIds = {
            at: (revision) => (Number(revision) >= from ? stored[Number(revision)] : undefined),
            recent: () => undefined,
          };
          let decision = decideAppend(stream, BigInt(expected), ids, partial);
          if (decision.kind === 'ids-needed') {
            expect(Number(decision.first)).toBeLessThan(from);
            from = Number(decision.first);
            decision = decideAppend(stream, BigInt(expected), ids, partial);
          }
          expect(decision).toEqual(complete);
        },
      ),
    );
  });
});
