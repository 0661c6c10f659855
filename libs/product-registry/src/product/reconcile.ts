import { Refusal } from '#kernel/refusal.js';

import { type ElementInput, type ElementInputs, readElements } from '../read-elements.js';
import { certificationIdOf, currentCertifications, superseded } from './certifications.js';
import type {
  CertificationFact,
  ListedCertification,
  ListedFacts,
  ListedQualification,
  ReconcileListing,
} from './commands.js';
import { differingFields, restates, sameListing, sameMeaning } from './compare.js';
import type { RegisteredProduct } from './decider.js';
import type { Listing, ProductEvent } from './events.js';
import { noWord } from './standing.js';

/** Where a list changed a value while a person's other value stands. Null: no value. */
export interface ListConflict {
  /** Such as `/elements/EnergyCapacityNominal`, `/certifications/UL1973`, `/qualifications/CEC/notes`. */
  readonly path: string;
  readonly listed: unknown;
  readonly standing: unknown;
}

/**
 * What a row of a list changes. Each value is compared with the last one *from the same list*:
 * unchanged there, no event, whatever a person said since. Changed there, it is recorded, unless a
 * person's different value stands: then nothing of the row is, and the row needs review.
 *
 * Throws `LIST_AGAINST_CURATOR` (`conflict`) with `details.conflicts`, a list of `ListConflict`.
 */
export const reconcile = (
  { data, meta: { commandId } }: ReconcileListing,
  state: RegisteredProduct,
): readonly ProductEvent[] => {
  refuseOtherType(data.productType, state);
  const { list, certification, listing } = data;
  const conflicts: ListConflict[] = [];
  const events = [
    ...elementEvents(data, state, conflicts),
    ...(certification
      ? certificationEvents(list, factOf(certification), commandId, state, conflicts)
      : []),
    ...(listing ? listingEvents(list, listing, state, conflicts) : []),
  ];
  const dropped = certification === undefined ? [] : droppedStandards(data, state);
  if (conflicts.length > 0) throw againstCurator(list, conflicts);
  if (dropped.length > 0) throw dropsCertification(list, dropped);
  return events;
};

const factOf = ({
  edition = null,
  certificateDate = null,
  ...rest
}: ListedCertification): CertificationFact => ({ ...rest, edition, certificateDate });

const elementEvents = (
  { list, elements: row }: ListedFacts,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
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
  const gone = Object.keys(before).filter((name) => row[name] === null);
  for (const [name, value] of [...changed, ...gone.map((name) => [name, null] as const)]) {
    const standing = state.elements[name];
    if (standing?.by === 'person' && !sameMeaning(standing.value, value)) {
      conflicts.push({ path: `/elements/${name}`, listed: value, standing: standing.value });
    }
  }
  return [
    ...(changed.length > 0
      ? [{ type: 'ElementsSet', data: { elements: Object.fromEntries(changed), list } } as const]
      : []),
    ...(gone.length > 0
      ? [{ type: 'ElementsWithdrawn', data: { names: gone, list } } as const]
      : []),
  ];
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

/** A list names one certification for a standard: another one replaces the list's former one. */
const certificationEvents = (
  list: string,
  fact: CertificationFact,
  commandId: string,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
  const last = state.lists[list]?.certifications[fact.standard];
  // A list that leaves the edition out says nothing against the one that it named before.
  if (last && restates(fact, last)) return [];
  const current = currentCertifications(state).filter((one) => one.standard === fact.standard);
  const same = current.find((one) => restates(fact, one));
  const persons = current.find((one) => one.by === 'person');
  if (!same && persons) {
    const { by: _, supersededBy: __, ...standing } = persons;
    conflicts.push({ path: `/certifications/${fact.standard}`, listed: fact, standing });
    return [];
  }
  const certificationId = same?.certificationId ?? certificationIdOf(commandId, fact);
  const replaced = current.some((one) => one.certificationId === last?.certificationId);
  return [
    {
      type: 'CertificationRecorded',
      data: { certificationId, ...fact, edition: same?.edition ?? fact.edition, list },
    },
    ...(last && replaced ? [superseded(last.certificationId, certificationId, list)] : []),
  ];
};

/** Standards that the list named before and does not name now. */
const droppedStandards = (
  { list, certification }: ListedFacts,
  state: RegisteredProduct,
): readonly string[] =>
  Object.keys((state.lists[list] ?? noWord).certifications).filter(
    (standard) => standard !== certification?.standard,
  );

const listingEvents = (
  list: string,
  row: ListedQualification,
  state: RegisteredProduct,
  conflicts: ListConflict[],
): readonly ProductEvent[] => {
  const last = state.lists[list]?.listing ?? null;
  const listing = listingOf(row, last);
  if (sameListing(last, listing)) return [];
  const standing = state.listings[listing.agency];
  if (standing?.by === 'person' && !sameListing(standing.value, listing)) {
    conflicts.push(...listingConflicts(listing, standing.value));
    return [];
  }
  const type = standing?.value ? 'ListingRevised' : 'ListingPublished';
  return [{ type, data: { ...listing, list } }];
};

/** The whole listing: where the row says nothing of a field, the list's last word on it stands. */
const listingOf = (
  { agency, listingDate, lastUpdate, notes, remarks }: ListedQualification,
  last: Listing | null,
): Listing => {
  const said = { ...last?.remarks, ...remarks };
  return {
    agency,
    listingDate: (listingDate === undefined ? last?.listingDate : listingDate) ?? null,
    lastUpdate: (lastUpdate === undefined ? last?.lastUpdate : lastUpdate) ?? null,
    notes: (notes === undefined ? last?.notes : notes) ?? null,
    remarks: Object.fromEntries(
      Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  };
};

const listingConflicts = (listed: Listing, standing: Listing | null): readonly ListConflict[] => {
  const path = `/qualifications/${listed.agency}`;
  if (!standing) return [{ path, listed, standing }];
  return differingFields(listed, standing).map((field) => ({
    path: `${path}/${field}`,
    listed: valueAt(listed, field),
    standing: valueAt(standing, field),
  }));
};

const valueAt = (listing: Listing, field: string): string | null =>
  field.startsWith('remarks/')
    ? (listing.remarks[field.slice('remarks/'.length)] ?? null)
    : listing[field as 'agency' | 'listingDate' | 'lastUpdate' | 'notes'];

const againstCurator = (list: string, conflicts: readonly ListConflict[]) =>
  new Refusal(
    'LIST_AGAINST_CURATOR',
    'conflict',
    `${list} changed what a person has set: ${conflicts.map(({ path }) => path).join(', ')}`,
    { list, conflicts },
  );

/** A certificate that vanishes from a list may be a slip or a withdrawal: a person decides. */
const dropsCertification = (list: string, standards: readonly string[]) =>
  new Refusal(
    'LIST_DROPS_CERTIFICATION',
    'conflict',
    `${list} no longer names a certification under ${standards.join(', ')}`,
    {
      list,
      conflicts: standards.map((standard) => ({
        path: `/certifications/${standard}`,
        listed: null,
        standing: standard,
      })),
    },
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
