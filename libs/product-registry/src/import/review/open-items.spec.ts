import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { RowOutcome } from '../events.js';
import { itemKeyOf, itemKeyPattern, itemsOfRule, type OpenItem } from './open-items.js';
import { decidableKinds, reviewKindOf } from './review-kinds.js';

const about = { manufacturer: 'Alder  Inc', model: 'A-1' };
const proposal = { kind: 'rename', manufacturer: 'Alder', model: 'A1' } as const;
const conflicts = [{ path: '/elements/EnergyCapacityNominal', listed: null }];
const row = (outcome: Partial<RowOutcome> = {}): RowOutcome => ({
  ...{ row: 1, outcome: 'needsReview', productId: 'p' },
  ...outcome,
});

it.each([
  ['rename', row({ about, proposal })],
  ['transfer', row({ about, proposal: { ...proposal, kind: 'transfer' } })],
  ['conflict', row({ conflicts })],
  ['other', row()],
  ['other', row({ conflicts: [] })],
  ['other', { row: 1, outcome: 'needsReview', conflicts } as const],
  [undefined, row({ outcome: 'accepted', conflicts })],
])('what waits is told as %s', (kind, outcome) => {
  expect(reviewKindOf(outcome)).toBe(kind);
});

const id = (n: number): string => `0f8fad5b-d9cb-569f-a165-${String(n).padStart(12, '0')}`;
const items = fc
  .uniqueArray(
    fc.record({
      n: fc.integer({ min: 1, max: 2_000 }),
      kind: fc.constantFrom(...decidableKinds, 'other' as const),
      manufacturer: fc.constantFrom('Alder', 'ALDER', 'Birch'),
    }),
    { selector: ({ n }) => n },
  )
  .map((found) => {
    const made = found.map(({ n, kind, manufacturer }): OpenItem => {
      const names = { manufacturer, model: 'X' };
      return kind === 'gone'
        ? { kind, absence: { productId: id(n), kind, ...names } }
        : { kind, row: n, outcome: row({ row: n, about: names }) };
    });
    const order = (item: OpenItem): string =>
      item.kind === 'gone' ? `~${item.absence.productId}` : String(item.row).padStart(6, '0');
    return made.sort((one, other) => (order(one) < order(other) ? -1 : 1));
  });

it('a rule is gone through piece by piece, each item once, and none of kind other or gone', () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 5 }), (open, limit) => {
      const seen: OpenItem[] = [];
      for (let after: string | undefined; ;) {
        const piece = itemsOfRule(open, { after }).slice(0, limit);
        const last = piece.at(-1);
        if (!last) break;
        seen.push(...piece);
        after = itemKeyOf(last);
        expect(after).toMatch(itemKeyPattern);
      }
      expect(seen).toEqual(open.filter(({ kind }) => kind !== 'other' && kind !== 'gone'));
    }),
  );
});

it('a rule takes a manufacturer as the list writes it, in any case', () => {
  fc.assert(
    fc.property(items, (open) => {
      const found = itemsOfRule(open, { manufacturer: ' alder ', kind: 'gone' });
      const expected = open.filter(
        (item) => item.kind === 'gone' && item.absence.manufacturer !== 'Birch',
      );
      expect(found).toEqual(expected);
    }),
  );
});
