import { manufacturerNameKeyOf, modelKeyOf } from '../codes.js';
import type { DeclineListedName } from './commands.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEvent, ProductEventOf } from './events.js';

/** What a list calls a product, in the forms under which names are the same. */
export interface ListedName {
  readonly list: string;
  readonly manufacturerKey: string;
  readonly modelKey: string;
}

/** As a list writes it. */
type WrittenName = ProductEventOf<'ListedNameDeclined'>['data'];

/** Whether a person said that what the list calls by this name is not the product. */
export const isDeclined = ({ declinedNames }: RegisteredProduct, written: WrittenName): boolean => {
  const name = nameOf(written);
  return declinedNames.some(
    ({ list, manufacturerKey, modelKey }) =>
      list === name.list && manufacturerKey === name.manufacturerKey && modelKey === name.modelKey,
  );
};

/** Nothing where it was said before. */
export const declineListedName = (
  { data }: DeclineListedName,
  state: RegisteredProduct,
): readonly ProductEvent[] =>
  isDeclined(state, data) ? [] : [{ type: 'ListedNameDeclined', data }];

/** It holds also when a merger from before is undone. */
export const withNameDeclined = (
  state: RegisteredProduct,
  written: WrittenName,
): RegisteredProduct => ({
  ...state,
  declinedNames: [...state.declinedNames, nameOf(written)],
  beforeMerger: state.beforeMerger && withNameDeclined(state.beforeMerger, written),
});

const nameOf = ({ list, manufacturer, model }: WrittenName): ListedName => ({
  list,
  manufacturerKey: manufacturerNameKeyOf(manufacturer),
  modelKey: modelKeyOf(model),
});
