import { Refusal } from '#kernel/refusal.js';

import { type ElementInput, type ElementInputs, readElements } from '../read-elements.js';
import { currentCertifications } from './certifications.js';
import type { ListedFacts, ReconcileListing } from './commands.js';
import { sameMeaning } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { ProductEvent } from './events.js';
import type { ListConflict, Weighed } from './list-conflict.js';
import { weighCertification } from './listed-certification.js';
import { weighListing } from './listed-qualification.js';
import { noWord } from './standing.js';

/**
 * What a row of a list changes. Each value is compared with the last one *from the same list*:
 * unchanged there, no event, whatever a person said since. Changed there, it is recorded, unless a
 * person's different value stands: then this one value waits (`openConflicts`), and the rest is taken.
 */
export const reconcile = (
  { data, meta: { commandId } }: ReconcileListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  refuseOtherType(data.productType, state);
  return dated(weigh(data, commandId, state).events, data, state);
};

/** The date of the newer list that spoke of the product, which an older one does not change. */
export const newerListThan = (
  { list, asOf }: Pick<ListedFacts, 'list' | 'asOf'>,
  { lists }: RegisteredProduct,
): string | undefined => {
  const known = lists[list]?.asOf;
  return asOf !== undefined && known !== undefined && known > asOf ? known : undefined;
};

const dated = (
  events: readonly ProductEvent[],
  { list, asOf }: ListedFacts,
  { lists }: RegisteredProduct,
): readonly ProductEvent[] => {
  if (asOf === undefined) return events;
  if (events.length > 0) {
    return events.map((event) => ({ ...event, data: { ...event.data, asOf } }) as ProductEvent);
  }
  const isNewer = asOf > (lists[list]?.asOf ?? '');
  return isNewer ? [{ type: 'ListRepeated', data: { list, asOf } }] : [];
};

/**
 * What of a row waits for a person, before and after the rest of it was taken: the list's last word on it
 * is not recorded, so that it comes up again with each list until somebody decides.
 */
export const openConflicts = (
  facts: ListedFacts,
  state: RegisteredProduct,
): readonly ListConflict[] => weigh(facts, '', state).conflicts;

const weigh = (
  facts: ListedFacts,
  commandId: string,
  state: RegisteredProduct,
): Weighed<ProductEvent> => {
  const { list, certification, listing } = facts;
  if (newerListThan(facts, state) !== undefined) return { events: [], conflicts: [] };
  const parts: readonly Weighed<ProductEvent>[] = [
    weighElements(facts, state),
    ...(certification === undefined
      ? []
      : [weighCertification(list, certification, commandId, state)]),
    ...(listing ? [weighListing(list, listing, state)] : []),
  ];
  return {
    events: parts.flatMap(({ events }) => events),
    conflicts: parts.flatMap(({ conflicts }) => conflicts),
  };
};

const weighElements = (
  { list, elements: row }: ListedFacts,
  state: RegisteredProduct,
): Weighed<ProductEvent> => {
  const before = (state.lists[list] ?? noWord).elements;
  const changed = Object.entries(readElements(state.productType, filled(row))).filter(
    ([name, value]) => {
      const last = before[name];
      // Exports of one list write 5 and 5.0 for the same thing: that is no change.
      if (last && sameMeaning(last, value)) return false;
      // What nobody could read does not contradict what a person has read instead.
      return value.state !== 'unparsed' || !isSetByPerson(state, name);
    },
  );
  const gone = Object.keys(before)
    .filter((name) => row[name] === null)
    .map((name) => [name, null] as const);
  const conflicts = [...changed, ...gone].flatMap(([name, value]) => {
    const standing = state.elements[name];
    return standing?.by === 'person' && !sameMeaning(standing.value, value)
      ? [{ path: `/elements/${name}`, listed: value, standing: standing.value }]
      : [];
  });
  const isOpen = (name: string) => conflicts.some(({ path }) => path === `/elements/${name}`);
  const taken = changed.filter(([name]) => !isOpen(name));
  const names = gone.map(([name]) => name).filter((name) => !isOpen(name));
  return {
    events: [
      ...(taken.length > 0
        ? [{ type: 'ElementsSet', data: { elements: Object.fromEntries(taken), list } } as const]
        : []),
      ...(names.length > 0 ? [{ type: 'ElementsWithdrawn', data: { names, list } } as const] : []),
    ],
    conflicts,
  };
};

/** Whether a person's value of the element stands. */
export const isSetByPerson = ({ elements }: RegisteredProduct, name: string): boolean => {
  const standing = elements[name];
  return standing?.by === 'person' && standing.value !== null;
};

/** Whether a person's word stands on what a pointer such as `/elements/EnergyCapacityNominal` names. */
export const isSaidByPerson = (state: RegisteredProduct, pointer: string): boolean => {
  const [, part, name = ''] = pointer.split('/');
  if (part === 'elements') return isSetByPerson(state, name);
  if (part === 'qualifications') return state.listings[name]?.by === 'person';
  return currentCertifications(state).some(
    ({ standard, by }) => standard === name && by === 'person',
  );
};

export const filled = (row: ListedFacts['elements']): ElementInputs =>
  Object.fromEntries(
    Object.entries(row).filter((entry): entry is [string, ElementInput] => entry[1] !== null),
  );

/** Compared as texts: there is one product type today. */
const refuseOtherType = (listed: string, { productType }: RegisteredProduct): void => {
  if (listed === productType) return;
  throw new Refusal(
    'PRODUCT_TYPE_DIFFERS',
    'conflict',
    `the list calls this product a ${listed}; it is registered as a ${productType}`,
  );
};
