import { commandMeta, givenFor } from '#testing/decider-spec.js';

import * as commands from './commands.js';
import { productDecider } from './decider.js';
import type { ProductEvent } from './events.js';
import type { ListConflict } from './list-conflict.js';
import { openConflicts } from './reconcile.js';

export const given = givenFor(productDecider);
export const list = 'cec-batteries';
const id = 'product-1';
export const key = { manufacturerId: 'maker-1', modelKey: 'EFL-48' };

export const registered: ProductEvent = {
  type: 'ProductRegistered',
  data: { productType: 'ProdBattery', model: 'EFL-48', code: 'ABC-EFL_48', ...key, list },
};
/** A row of the list that says so much of the product. */
export const row = (
  facts: Partial<commands.ListedFacts>,
  lookedUp: commands.ReconcileListing['lookedUp'] = key,
) =>
  new commands.ReconcileListing(
    id,
    {
      list,
      productType: 'ProdBattery',
      manufacturer: 'ABC',
      model: 'EFL-48',
      elements: {},
      ...facts,
    },
    commandMeta({ source: 'import' }),
    lookedUp,
  );
/** What of the row waits for a person after these events. */
export const conflictsOf = (
  { data }: commands.ReconcileListing,
  ...before: readonly ProductEvent[]
): readonly ListConflict[] => {
  const { state } = given(...before);
  return state.status === 'absent' ? [] : openConflicts(data, state);
};
