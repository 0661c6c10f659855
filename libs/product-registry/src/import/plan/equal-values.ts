import { Refusal } from '#kernel/refusal.js';

import type { ListedFacts } from '../../product/commands.js';
import { sameMeaning } from '../../product/compare.js';
import type { RegisteredProduct } from '../../product/decider.js';
import type { Elements, ElementValue } from '../../product/events.js';
import { filled } from '../../product/reconcile.js';
import { readElements } from '../../read-elements.js';

const capacity = 'EnergyCapacityNominal';
/** Equal ones show that a row may be about a product, as in the comparison of lists. */
const compared = ['BatteryChemistryType', capacity, 'PowerDCContinuousMax'];

/** Whether a row says the same of a product as its list said last, or as stands. Without a capacity it would say too little. */
export const hasEqualValues = (facts: ListedFacts, state: RegisteredProduct): boolean => {
  const said = elementsOf(facts);
  const word = state.lists[facts.list]?.elements;
  const before = (name: string) =>
    told(word ? word[name] : (state.elements[name]?.value ?? undefined));
  return (
    told(said[capacity])?.state === 'submitted' &&
    compared.every((name) => sameMeaning(told(said[name]), before(name)))
  );
};

/** What nobody can read says nothing. */
const told = (value: ElementValue | undefined): ElementValue | null =>
  value === undefined || value.state === 'unparsed' ? null : value;

/** What a row says of elements; nothing where it could not be taken in anyway. */
export const elementsOf = ({ productType, elements }: ListedFacts): Elements => {
  try {
    return readElements(productType, filled(elements));
  } catch (error) {
    if (error instanceof Refusal) return {};
    throw error;
  }
};
