import { expect, it } from 'vitest';

import type { Checkpoint, Sink, SourceContext } from '#subscription/source.js';

import type { Fact } from '../fact.js';
import { Assignments } from './kafka-assignments.js';

const own = { scope: 'voltrace.counter.v1', partition: 0 };
const at = (nextOffset: bigint): Checkpoint => ({
  nextOffset,
  position: undefined,
  recordOffset: undefined,
});

/** Assignments whose partitions are opened by `open`. */
const assignmentsOf = (sink: Partial<Sink<Fact>>) => {
  const calls: unknown[] = [];
  const assignments = new Assignments({
    context: { sink, status: { waits: () => undefined } } as unknown as SourceContext<Fact>,
    ending: new AbortController().signal,
    extents: () => Promise.resolve(new Map([[0, { low: 0n, high: 1_000n }]])),
    seek: (_, offset) => calls.push(offset),
    pause: () => calls.push('paused'),
    stop: () => undefined,
    fail: () => undefined,
  });
  assignments.replace([own]);
  const [assigned] = assignments.all;
  if (!assigned) throw new Error('nothing is assigned');
  return { assignments, assigned, calls };
};

it('reads anew where the checkpoint was moved back while markers were passed, and passes nothing there', async () => {
  const taken: [bigint, bigint][] = [];
  const { assignments, assigned, calls } = assignmentsOf({
    // A reset to the start is committed before this process was notified.
    open: () => Promise.resolve(at(taken.length === 0 ? 900n : 0n)),
    take: ({ from, through }) => {
      taken.push([from, through.nextOffset]);
      return Promise.resolve(at(0n));
    },
  });
  await assigned.sought;
  if (assigned.cursor) assigned.cursor.next = 901n;

  await assignments.pass(assigned);
  await assigned.sought;
  await assignments.pass(assigned);

  expect(taken).toEqual([[900n, 901n]]);
  expect(calls).toEqual([900n, 0n]);
});

it('fetches nothing of a partition that is paused until it is resumed', async () => {
  const table: { checkpoint?: Checkpoint } = {};
  const open = () => Promise.resolve(table.checkpoint);
  const { assignments, assigned, calls } = assignmentsOf({ open });
  await assigned.sought;
  expect(assigned).toMatchObject({ cursor: undefined, isPaused: true });
  table.checkpoint = at(5n);
  assignments.seekAgain(assigned);
  await assigned.sought;
  expect(assigned.isPaused).toBe(false);
  expect(calls).toEqual(['paused', 5n]);
});
