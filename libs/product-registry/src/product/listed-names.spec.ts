import { describe, expect, it } from 'vitest';

import { commandMeta } from '#testing/decider-spec.js';

import { DeclineListedName } from './commands.js';
import type { ProductEvent } from './events.js';
import { given, list, registered } from './list-rows.fixture.js';
import { isDeclined } from './listed-names.js';

const written = { list, manufacturer: 'Abc, Inc.', model: 'EFL- 48' };
const declined: ProductEvent = { type: 'ListedNameDeclined', data: written };
const decline = (name = written) => new DeclineListedName('product-1', name, commandMeta());

describe('a name in a list that is not the product’s', () => {
  it('is noted once, however it is written', () => {
    given(registered).when(decline()).then(declined);
    const again = { list, manufacturer: ' ABC,  INC. ', model: 'EFL-48' };
    given(registered, declined).when(decline(again)).then();
    const other = { ...written, model: 'efl-48' };
    given(registered, declined)
      .when(decline(other))
      .then({ type: 'ListedNameDeclined', data: other });
  });

  it('is one of that list alone', () => {
    const { state } = given(registered, declined);
    if (state.status === 'absent') throw new Error('the product is registered');
    expect(isDeclined(state, written)).toBe(true);
    expect(isDeclined(state, { ...written, list: 'another' })).toBe(false);
    expect(isDeclined(state, { ...written, manufacturer: 'Abc Inc' })).toBe(false);
  });

  it('stays so where a merger from before is undone, which it does not stand against', () => {
    const one = { productId: 'product-2', mergerId: 'merger-1' };
    const absorbed: ProductEvent = {
      type: 'ProductAbsorbed',
      data: {
        ...one,
        products: [
          { productId: one.productId, manufacturerId: 'maker-2', model: 'EFL-48', code: null },
        ],
        identities: [{ manufacturerId: 'maker-2', modelKey: 'EFL-48' }],
        ...{ elements: {}, personal: [], certifications: [], superseded: [] },
        ...{ listings: [], lists: {} },
      },
    };
    const merged = given(registered, absorbed, declined).state;
    expect(merged).toMatchObject({ beforeMerger: { status: 'registered' } });
    const nothing = { elements: [], certifications: [], restored: [], listings: [], unlisted: [] };
    const released: ProductEvent = { type: 'ProductReleased', data: { ...one, ...nothing } };
    const { state } = given(registered, absorbed, declined, released);
    expect(state.status === 'registered' && isDeclined(state, written)).toBe(true);
  });
});
