import fc from 'fast-check';
import { v5 } from 'uuid';
import { describe, expect, it } from 'vitest';

import type { Fact } from '../fact.js';
import { StreamCounter, type StreamCounts } from './stream-counter.js';

const namespace = '5f1f3c5e-6f0b-5a44-9a0e-6c1f0f6f7e21';
const until = { commit: 1_000n, prepare: 1_000n };

const fact = (stream: string, revision: number, position = revision): Fact => ({
  id: v5(`${stream}@${String(revision)}`, namespace),
  type: 'voltrace.example.Counted.v1',
  stream,
  key: stream,
  revision: BigInt(revision),
  position: { commit: BigInt(position), prepare: BigInt(position) },
  occurredAt: '2026-02-12T09:30:00Z',
  recordedAt: '2026-02-12T09:30:00Z',
  correlationId: 'c',
  causationId: 'c',
  data: {},
});

const facts = (stream: string, ...revisions: number[]) => revisions.map((r) => fact(stream, r));

const compared = (expected: readonly Fact[], found: readonly Fact[]): StreamCounts => {
  const counter = new StreamCounter(until);
  for (const each of found) counter.found(each, each.stream.length % 3);
  for (const each of expected) counter.expected(each);
  return counter.result();
};

const problems = (expected: readonly Fact[], found: readonly Fact[]) =>
  compared(expected, found).differences.map(
    ({ stream, problem }) => `${String(stream)} ${problem}`,
  );

describe('what a topic holds, against the log', () => {
  const a = facts('a', 0, 1, 2, 5);

  it('is the same where each stream is', () => {
    const b = facts('b', 0, 1);
    const [b0, b1] = b as [Fact, Fact];
    const result = compared([...a, ...b], [b0, ...a, b1]);
    expect(result).toEqual({
      streams: 2,
      facts: 6,
      expected: 6,
      differences: [],
      differenceCount: 0,
    });
  });

  it.each([
    ['the first is missing', facts('a', 1, 2, 5), 'a missing'],
    ['one in the middle is missing', facts('a', 0, 2, 5), 'a missing'],
    ['the last is missing', facts('a', 0, 1, 2), 'a missing'],
    ['all are missing', [], 'a missing'],
    ['one is there twice in a row', facts('a', 0, 1, 1, 2, 5), 'a doubled'],
    ['all are there twice', facts('a', 0, 1, 2, 5, 0, 1, 2, 5), 'a doubled'],
    ['one is there again for another', facts('a', 0, 1, 1, 5), 'a doubled'],
    ['two are swapped', facts('a', 0, 2, 1, 5), 'a out-of-order'],
    ['one is not in the log', facts('a', 0, 1, 2, 5, 6), 'a unknown'],
    ['one is another', facts('a', 0, 1, 3, 5), 'a unknown'],
  ])('differs where %s', (_, found, problem) => {
    expect(problems(a, found)).toEqual([problem]);
  });

  it('differs where a stream is not in the log, or on two partitions', () => {
    expect(problems([], a)).toEqual(['a unknown']);
    const counter = new StreamCounter(until);
    for (const [index, each] of a.entries()) {
      counter.found(each, index % 2);
      counter.expected(each);
    }
    expect(counter.result().differences).toMatchObject([{ stream: 'a', problem: 'out-of-order' }]);
  });

  it('is not counted beyond the position of the relay', () => {
    const late = [fact('a', 6, 1_001), fact('late', 0, 2_000)];
    expect(problems([...a, ...late], [...a, fact('late', 1, 1_002)])).toEqual([]);
  });

  it('says how many and which', () => {
    expect(compared(a, facts('a', 0, 1, 1)).differences).toEqual([
      {
        stream: 'a',
        problem: 'missing',
        partition: 1,
        expected: 4,
        found: 3,
        misplaced: 1,
        lastExpected: 5,
        lastFound: 1,
        detail: null,
      },
    ]);
  });

  it('names a hundred and counts the others', () => {
    const streams = Array.from({ length: 250 }, (_, n) => fact(`s${String(n)}`, 0));
    const counter = new StreamCounter(until);
    for (const each of streams) counter.expected(each);
    for (let n = 0; n < 60; n += 1) counter.note('unknown', 0, 'the value is not JSON');
    const { differences, differenceCount } = counter.result();
    expect([differences.length, differenceCount]).toEqual([100, 310]);
  });

  it('differs exactly where some stream is another sequence', () => {
    const revisions = fc
      .uniqueArray(fc.nat(20), { maxLength: 8 })
      .map((all) => all.sort((x, y) => x - y));
    const streams = fc.dictionary(fc.constantFrom('a', 'bb', 'ccc'), revisions);
    const change = fc.record({
      kind: fc.constantFrom('drop', 'again', 'swap', 'none'),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(streams, change, (log, { kind, at }) => {
        const all = Object.entries(log).flatMap(([stream, each]) => facts(stream, ...each));
        const topic = [...all];
        const place = topic.length === 0 ? 0 : at % topic.length;
        const [hit] = topic.slice(place);
        if (kind === 'drop') topic.splice(place, 1);
        if (kind === 'again' && hit) topic.push(hit);
        if (kind === 'swap' && hit)
          topic.splice(place, 2, ...topic.slice(place, place + 2).reverse());
        const sequence = (of: readonly Fact[], stream: string) =>
          of.filter((each) => each.stream === stream).map(({ revision }) => revision);
        const differing = Object.keys(log).filter(
          (stream) => sequence(all, stream).join() !== sequence(topic, stream).join(),
        );
        const { differences } = compared(all, topic);
        expect(differences.map(({ stream }) => stream).sort()).toEqual(differing.sort());
      }),
      { numRuns: 500 },
    );
  });
});
