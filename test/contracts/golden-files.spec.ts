import { describe, expect, it } from 'vitest';

import { productEvents } from '#product-registry/product/events.js';

import { grownGoldenFiles, strangers } from './golden-files.js';

describe('the golden files', () => {
  it('have everything that is declared', async () => {
    expect([...(await grownGoldenFiles()).keys()]).toEqual([]);
  });

  it('lack a member that no event was ever stored with', () => {
    const { ElementsWithdrawn: withdrawn } = productEvents;
    const event = { type: 'ElementsWithdrawn', data: withdrawn.example };
    expect(strangers(event, [event])).toEqual([]);
    const later = { ...event, data: { ...withdrawn.example, by: 'somebody' } };
    expect(strangers(later, [event])).toEqual(['ElementsWithdrawn.by']);
  });
});
