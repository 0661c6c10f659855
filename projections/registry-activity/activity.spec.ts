import { describe, expect, it } from 'vitest';

import type { Fact } from '#fanout/fact.js';

import {
  activityIn,
  kindOf,
  manufacturersIn,
  manufacturersOfProductsIn,
  NotCountable,
} from './activity.js';
import { factOf, merged, named, product, registered } from './facts.fixture.js';

const makers = new Map([['p1', 'm1']]);
const countedBy = (facts: readonly Fact[]) => activityIn(facts, makers);

describe('the kind of a change', () => {
  it.each([
    ['voltrace.product-registry.ProductRegistered.v1', 'product-registered'],
    ['voltrace.product-registry.ElementsSet.v1', 'elements-set'],
    ['voltrace.product-registry.ElementsSet.v2', 'elements-set'],
    ['voltrace.product-registry.ProdCodeAssigned.v1', 'prod-code-assigned'],
  ])('of %s is %s', (type, kind) => {
    expect(kindOf(type)).toBe(kind);
  });

  it.each(['ProductRegistered', 'voltrace.access.KeyIssued.v1', 'voltrace.product-registry.x.v1'])(
    'of %s is not known',
    (type) => {
      expect(kindOf(type)).toBeUndefined();
    },
  );
});

describe('the activity of a batch', () => {
  it('is counted by day, manufacturer and kind, with the first time and the last', () => {
    const facts = [
      product('p1', 'ElementsSet', { recordedAt: '2026-02-11T08:00:00.000Z' }),
      product('p1', 'ElementsSet', { recordedAt: '2026-02-11T07:59:59.999Z' }),
      product('p1', 'ElementsSet', { recordedAt: '2026-02-11T23:59:59.999Z' }),
      product('p1', 'ElementsSet', { recordedAt: '2026-02-12T00:00:00.000Z' }),
      product('p1', 'ElementsWithdrawn', { recordedAt: '2026-02-11T09:00:00.000Z' }),
      named('m2', 'Other', { recordedAt: '2026-02-11T09:00:00.000Z' }),
    ];
    expect(countedBy(facts)).toEqual([
      {
        day: '2026-02-11',
        manufacturerId: 'm1',
        kind: 'elements-set',
        changes: 3,
        firstAt: '2026-02-11T07:59:59.999Z',
        lastAt: '2026-02-11T23:59:59.999Z',
      },
      expect.objectContaining({ day: '2026-02-12', kind: 'elements-set', changes: 1 }),
      expect.objectContaining({ kind: 'elements-withdrawn', changes: 1 }),
      expect.objectContaining({ manufacturerId: 'm2', kind: 'manufacturer-registered' }),
    ]);
  });

  it('is of the day in UTC on which it was recorded, not of that on which it happened', () => {
    const fact = product('p1', 'ElementsSet', {
      occurredAt: '2025-12-24T18:00:00.000Z',
      recordedAt: '2026-02-12T01:00:00+02:00',
    });
    expect(countedBy([fact])).toMatchObject([
      { day: '2026-02-11', firstAt: '2026-02-11T23:00:00.000Z' },
    ]);
  });

  it.each([
    ['a product whose registration it has not seen', product('p9', 'ElementsSet')],
    ['a fact of another context', factOf('product-p1', 'voltrace.access.KeyIssued.v1', {})],
    ['a stream of another category', factOf('import-1', kindName('ElementsSet'), {})],
    ['a time that is none', product('p1', 'ElementsSet', { recordedAt: 'yesterday' })],
  ])('refuses %s', (_, fact) => {
    expect(() => countedBy([fact])).toThrow(NotCountable);
  });
});

describe('what facts tell of others', () => {
  it('is whose products are, and what manufacturers are called and became', () => {
    const facts = [
      registered('p1', 'm1'),
      named('m1', 'One'),
      merged('m1', 'm2'),
      registered('p2', 'm2'),
    ];
    expect([...manufacturersOfProductsIn(facts)]).toEqual([
      ['p1', 'm1'],
      ['p2', 'm2'],
    ]);
    expect([...manufacturersIn(facts)]).toEqual([['m1', { name: 'One', mergedInto: 'm2' }]]);
  });

  it('is refused where it is no text', () => {
    const fact = product('p1', 'ProductRegistered', { data: { manufacturerId: 7 } });
    expect(() => manufacturersOfProductsIn([fact])).toThrow('its manufacturerId is no text');
  });
});

function kindName(type: string): string {
  return `voltrace.product-registry.${type}.v1`;
}
