import { expect, it } from '@jest/globals';

import { Assignments } from './kafka-assignments.js';
import type { Place, TransportContext } from './transport.js';

const own = { topic: 'voltrace.tally.v1', partition: 0 };
const at = (nextOffset: bigint): Place => ({
  nextOffset,
  position: undefined,
  factOffset: undefined,
});

it('reads anew where the consumer was moved back while markers were passed, and passes nothing there', async () => {
  const taken: [bigint, bigint][] = [];
  const sought: bigint[] = [];
  // A reset to the start is committed before this process has heard of it.
  const sink = {
    moves: 0,
    place: () => Promise.resolve(at(taken.length === 0 ? 900n : 0n)),
    take: ({ from, through }: { from: bigint; through: { nextOffset: bigint } }) => {
      taken.push([from, through.nextOffset]);
      return Promise.resolve(at(0n));
    },
    putDown: () => Promise.resolve(),
    ends: () => undefined,
  };
  const assignments = new Assignments({
    context: { sink, report: { waits: () => undefined } } as unknown as TransportContext,
    ending: new AbortController().signal,
    extents: () => Promise.resolve(new Map([[0, { low: 0n, high: 1_000n }]])),
    seek: (_, offset) => sought.push(offset),
    stop: () => undefined,
    fail: () => undefined,
  });
  assignments.replace([own]);
  const [assigned] = assignments.all;
  await assigned?.aimed;
  if (assigned?.aim) assigned.aim.next = 901n;

  if (assigned) await assignments.pass(assigned);
  await assigned?.aimed;
  if (assigned) await assignments.pass(assigned);

  expect(taken).toEqual([[900n, 901n]]);
  expect(sought).toEqual([900n, 0n]);
});
