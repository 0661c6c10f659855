import { describe, expect, it } from 'vitest';

import { commandMeta } from '#testing/decider-spec.js';

import { ResolveListConflict } from './commands.js';
import { productDecider, type RegisteredProduct } from './decider.js';
import type { ProductEvent } from './events.js';
import { given, list, registered, row } from './list-rows.fixture.js';
import { openConflicts } from './reconcile.js';

const resolve = (decision: 'keep' | 'take', path: string, value: unknown, open = {}) =>
  new ResolveListConflict('product-1', { list, path, decision, value, ...open }, commandMeta());

const said = { agency: 'CEC', listingDate: null, notes: null, remarks: {} };
const listing = (lastUpdate: string, from?: string): ProductEvent => ({
  type: 'ListingPublished',
  data: { ...said, lastUpdate, ...(from !== undefined && { list: from }) },
});
const capacity = (value: string, from?: string): ProductEvent => ({
  type: 'ElementsSet',
  data: {
    elements: { EnergyCapacityNominal: { state: 'submitted', value, unit: 'kWh', decimals: 1 } },
    ...(from !== undefined && { list: from }),
  },
});
const certified = (by: string, date: string, from?: string): ProductEvent => ({
  type: 'CertificationRecorded',
  data: {
    ...{
      certificationId: by,
      agency: by,
      standard: 'UL1973',
      edition: null,
      certificateDate: date,
    },
    ...(from !== undefined && { list: from }),
  },
});

const conflicts = [
  {
    path: '/elements/EnergyCapacityNominal',
    before: [registered, capacity('5.1', list), capacity('6.0')],
    next: row({ elements: { EnergyCapacityNominal: { value: '5.2', unit: 'kWh' } } }),
    value: { value: '5.2', unit: 'kWh' },
    standing: (state: RegisteredProduct) => state.elements['EnergyCapacityNominal']?.value?.value,
    kept: '6.0',
    taken: '5.2',
  },
  {
    path: '/certifications/UL1973',
    before: [registered, certified('UL', '2023-05-05')],
    next: row({
      certification: { agency: 'CSA Group', standard: 'UL1973', certificateDate: '2025-06-06' },
    }),
    value: { agency: 'CSA Group', certificateDate: '2025-06-06' },
    standing: (state: RegisteredProduct) =>
      state.certifications.find(({ supersededBy }) => supersededBy === null)?.agency,
    kept: 'UL',
    taken: 'CSA Group',
  },
  {
    path: '/qualifications/CEC/lastUpdate',
    before: [registered, listing('2025-12-11', list)],
    next: row({ listing: { agency: 'CEC', lastUpdate: '2025-06-21', remarks: {} } }),
    value: '2025-06-21',
    standing: (state: RegisteredProduct) => state.listings['CEC']?.value?.lastUpdate,
    kept: '2025-12-11',
    taken: '2025-06-21',
  },
];

describe.each(conflicts)('what waits at $path', ({ path, before, next, value, ...one }) => {
  const after = (decision: 'keep' | 'take'): RegisteredProduct => {
    const { state } = given(...before);
    if (state.status === 'absent') throw new Error('the product is gone');
    expect(openConflicts(next.data, state).map((conflict) => conflict.path)).toEqual([path]);
    const decided = decide(state, decision);
    expect(decided.length).toBeGreaterThan(0);
    const then = given(...before, ...decided).state;
    if (then.status === 'absent') throw new Error('the product is gone');
    expect(decide(then, decision)).toEqual([]);
    return then;
  };
  const decide = (state: RegisteredProduct, decision: 'keep' | 'take') =>
    productDecider.decide(resolve(decision, path, value), state);

  it.each(['keep', 'take'] as const)('does so no more once somebody says %s', (decision) => {
    const state = after(decision);
    expect(one.standing(state)).toBe(decision === 'keep' ? one.kept : one.taken);
    expect(openConflicts(next.data, state)).toEqual([]);
    expect(productDecider.decide(next, state)).toEqual([]);
  });

  it.each([
    ['keep', 'take'],
    ['take', 'keep'],
  ] as const)(
    'is not turned round by who still takes it for open: %s, then %s',
    (decision, other) => {
      const state = after(decision);
      const again = (way: 'keep' | 'take') =>
        productDecider.decide(resolve(way, path, value, { onlyOpen: true }), state);
      expect(again(decision)).toEqual([]);
      expect(() => again(other)).toThrow(/by now/);
    },
  );
});

it('is too late for what an older list says once a newer one has named the product', () => {
  const path = '/elements/EnergyCapacityNominal';
  const value = { value: '5.2', unit: 'kWh' };
  const repeated: ProductEvent = { type: 'ListRepeated', data: { list, asOf: '2026-02-11' } };
  const before = [registered, capacity('5.1', list), capacity('6.0'), repeated] as const;
  const asOf = '2025-06-10';
  given(...before)
    .when(resolve('take', path, value, { asOf }))
    .thenRefused('LIST_CONFLICT_OUTDATED');
  given(...before)
    .when(resolve('keep', path, value, { asOf }))
    .thenNothing();
  const taken = { EnergyCapacityNominal: { state: 'submitted', decimals: 1, ...value } } as const;
  given(...before)
    .when(resolve('take', path, value, { asOf: '2026-02-11' }))
    .then({ type: 'ElementsSet', data: { elements: taken, list } });
});

it.each([
  ['/elements/Unheard', { value: '1' }, 'ELEMENTS_INVALID'],
  ['/elements/EnergyCapacityNominal', '5', 'LIST_CONFLICT_INVALID'],
  ['/certifications/UL1973', { agency: '' }, 'LIST_CONFLICT_INVALID'],
  ['/qualifications/CEC/lastUpdate', '2025-02-30', 'LIST_CONFLICT_INVALID'],
  ['/qualifications/CEC', null, 'LIST_CONFLICT_INVALID'],
  ['/model', 'x', 'LIST_CONFLICT_INVALID'],
])('a decision on %s of %j is refused', (path, value, code) => {
  given(registered)
    .when(resolve('keep', path, value))
    .thenRefused(code);
});
