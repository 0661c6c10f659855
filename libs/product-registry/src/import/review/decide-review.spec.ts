import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DecideReview } from '../commands.js';
import type { Absence, ImportEvent } from '../events.js';
import { evolveImport, type ImportState, isOpenRow, waitingCountOf } from '../state.js';
import {
  completed,
  given,
  meta,
  outcome,
  processed,
  read,
  received,
  started,
} from '../testing/import-events.js';
import { ReviewContents } from './open-items.js';

const decided = (rows: readonly number[], absent: readonly string[] = []): ImportEvent => ({
  type: 'ImportReviewDecided',
  data: { decision: 'accept', rows, absent },
});
const decide = (rows: readonly number[], absent: readonly string[] = []) =>
  new DecideReview({ decision: 'accept', all: true }, meta, { rows, absent });
const absence = (productId: string, kind: Absence['kind'] = 'gone'): Absence => ({
  ...{ productId, kind, manufacturer: 'Alder', model: productId },
});
const absences = (run: number, ...products: readonly Absence[]): ImportEvent => ({
  type: 'ImportAbsencesFound',
  data: { run, previous: 'earlier', products },
});
const [a, b] = ['a', 'b'].map((id) => absence(id)) as [Absence, Absence];
const first = [
  ...[received, started(1, 'x'), read(1, 3)],
  processed(1, outcome(1), outcome(2, 'needsReview'), outcome(3, 'needsReview')),
  ...[absences(1, a, b, absence('c', 'renamed')), completed(1, 3)],
];
const waiting = (...events: readonly ImportEvent[]): number => {
  const { state } = given(...first, ...events);
  return state.status === 'none' ? -1 : waitingCountOf(state);
};

describe('a decision on what waits in review', () => {
  it('is of the rows and products that still wait', () => {
    given(...first, decided([2], ['a']))
      .when(decide([1, 2, 3, 4], ['a', 'b', 'c', 'd']))
      .then(decided([3], ['b']));
  });

  it('is nothing where somebody else has decided it all', () => {
    given(...first, decided([2, 3], ['a', 'b']))
      .when(decide([2, 3], ['a', 'b']))
      .thenNothing();
  });

  it('counts until the row is done again', () => {
    expect([waiting(), waiting(decided([2], ['a']))]).toEqual([4, 2]);
    const retried = [decided([2, 3]), started(2, 'x', 'retry')];
    expect(waiting(...retried)).toBe(2);
    expect(waiting(...retried, processed(2, outcome(2), outcome(3, 'needsReview')))).toBe(3);
  });

  it('on a product that is gone is not asked for again by the same list', () => {
    const again = [decided([], ['a']), started(2, 'x', 'all')];
    expect(waiting(...again)).toBe(0);
    expect(waiting(...again, absences(2, a, b))).toBe(1);
  });

  it('stands through a retry, and is of what the newest run found', () => {
    const retry = [decided([], ['a']), started(2, 'x', 'retry')];
    expect(waiting(...retry)).toBe(3);
    expect(waiting(...retry, absences(2))).toBe(2);
    expect(waiting(...retry, absences(2, a), absences(2, absence('e')))).toBe(3);
  });
});

const rowEvents = fc.oneof(
  fc
    .uniqueArray(
      fc.record({
        row: fc.integer({ min: 1, max: 12 }),
        outcome: fc.constantFrom('accepted', 'needsReview', 'rejected'),
        productId: fc.constantFrom('p1', 'p2'),
        conflicts: fc.constantFrom([], [{ path: '/elements/X', listed: null }]),
      }),
      { selector: ({ row }) => row },
    )
    .map((rows): ImportEvent => processed(1, ...rows)),
  fc
    .tuple(fc.array(fc.integer({ min: 1, max: 12 })), fc.subarray(['a', 'b', 'c']))
    .map(([rows, absent]): ImportEvent => decided(rows, absent)),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.subarray(['a', 'b', 'c']))
    .map(([run, ids]): ImportEvent => absences(run, ...ids.map((id) => absence(id)))),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('all', 'retry'))
    .map(([run, scope]): ImportEvent => started(run, 'x', scope)),
);

it('every item that waits is known with its contents, whatever happened before', () => {
  fc.assert(
    fc.property(fc.array(rowEvents), (events) => {
      const contents = new ReviewContents();
      let state: ImportState = { status: 'none' };
      for (const event of [received, ...events]) {
        contents.note(event);
        state = evolveImport(state, event);
      }
      if (state.status === 'none') throw new Error('not received');
      const open = contents.open(state);
      expect(open.length).toBe(waitingCountOf(state));
      const rows = open.flatMap((item) => (item.kind === 'gone' ? [] : [item.row]));
      const expected = Array.from({ length: 12 }, (_, n) => n + 1);
      expect(rows).toEqual(expected.filter((row) => isOpenRow(state as never, row)));
    }),
  );
});
