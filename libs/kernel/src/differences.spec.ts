import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { differences } from './differences.js';

const amount = { value: '10.24', unit: 'kWh', decimals: 2 };
const certified = { id: 'c1', agency: 'CSA Group', standard: 'UL1973' };

describe('differences', () => {
  it('name each field that changed, with both values', () => {
    const before = { type: 'battery', elements: { Capacity: amount } };
    const after = { ...before, elements: { Capacity: { ...amount, value: '10.3', decimals: 1 } } };
    expect(differences(before, after)).toEqual([
      { path: '/elements/Capacity/value', from: '10.24', to: '10.3' },
      { path: '/elements/Capacity/decimals', from: 2, to: 1 },
    ]);
  });

  it('name what appears and what vanishes leaf by leaf, members of lists by their identity', () => {
    const before = { certifications: [{ ...certified, id: 'c0' }], listings: [] };
    const after = {
      certifications: [certified, ...before.certifications],
      listings: [{ agency: 'CEC', state: 'listed' }],
    };
    const paths = ['/certifications/c1/id', '/certifications/c1/agency'];
    paths.push('/certifications/c1/standard', '/listings/CEC/agency', '/listings/CEC/state');
    expect(
      differences(before, after)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(paths.sort());
    expect(differences(after, before)).toContainEqual({
      path: '/certifications/c1/agency',
      from: 'CSA Group',
      to: null,
    });
    expect(differences(null, { type: 'battery' })).toEqual([
      { path: '/type', from: null, to: 'battery' },
    ]);
  });

  it('take a list without identities for one field, and null for absent', () => {
    expect(differences({ ratings: [1, 2], note: null }, { ratings: [1, 3] })).toEqual([
      { path: '/ratings', from: [1, 2], to: [1, 3] },
    ]);
  });

  it('escape what a JSON pointer would misread', () => {
    expect(differences({}, { 'a/b~c': 1 })).toEqual([{ path: '/a~1b~0c', from: null, to: 1 }]);
  });

  it('are none between equal documents', () => {
    fc.assert(
      fc.property(fc.object(), (document) => {
        expect(differences(document, structuredClone(document))).toEqual([]);
      }),
    );
  });
});
